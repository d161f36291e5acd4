use std::path::PathBuf;

use guard_core::hearing::Ear;
use guard_core::port::{EventDestination, Target};
use guard_core::steps::enrol::Wanted;
use guard_local::{Asked, DESTINATION, EVENTS_TOPIC, ManualClock, SesFault, SimulatedSes};
use jiff::Timestamp;

use super::super::file::{self, PlanFile};
use super::*;

const SETS: usize = 3_000;
/// SES lists 1,000 sets on a page.
const PAGES: usize = 3;
/// The first call goes out at once, each further one a second after the one before.
const PLANNED_IN: i64 = 3_000 + 3 - 1;
const APPLIED_IN: i64 = 2 * 2_910 - 1;

fn set(number: usize) -> SetKey {
    format!("111122223333/eu-west-1/tenant-{number:04}").parse().unwrap()
}

fn elsewhere(name: &str) -> EventDestination {
    let guard = EventDestination::of_guard(&name.parse().unwrap(), &EVENTS_TOPIC.parse().unwrap());
    EventDestination { target: Target::Other("Firehose"), ..guard }
}

/// Of each hundred sets one is heard, one has the name taken, one is full; all others publish to nobody.
fn fleet() -> SimulatedSes {
    let ses = SimulatedSes::default();
    for number in 0..SETS {
        let of = set(number);
        ses.create_bare(&of);
        match number % 100 {
            1 => ses.create(&of),
            2 => ses.publish(&of, [elsewhere(DESTINATION)]),
            3 => ses.publish(&of, (0..10).map(|lake| elsewhere(&format!("lake-{lake}")))),
            _ => {}
        }
    }
    ses
}

struct Desk {
    ses: SimulatedSes,
    clock: ManualClock,
    header: Header,
    path: PathBuf,
}

impl Desk {
    fn of(ses: SimulatedSes, test: &str, metrics: bool) -> Self {
        let ear =
            Ear { topic: EVENTS_TOPIC.parse().unwrap(), destination: DESTINATION.parse().unwrap(), event_bus: false };
        let any = set(0);
        let header = Header::new(any.account, any.region, &Wanted { ear, metrics }, &[]);
        let path = std::env::temp_dir().join(format!("ses-guard-enrol-{}-{test}.jsonl", std::process::id()));
        let _ = std::fs::remove_file(&path);
        Self { ses, clock: ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()), header, path }
    }

    fn campaign(&self) -> Campaign<'_, SimulatedSes, ManualClock> {
        Campaign { inventory: Patient::new(self.ses.clone(), self.clock.clone()), header: &self.header }
    }

    async fn plan(&self, patterns: &[Pattern]) -> (Result<u8, Wrong>, Teller) {
        let mut teller = Teller::new(false, &self.header);
        let mut file = PlanFile::continued(&self.path, &self.header).unwrap();
        let done = self.campaign().plan(patterns, Some(&mut file), &mut teller).await;
        (done, teller)
    }

    async fn apply(&self) -> (Result<u8, Wrong>, Teller) {
        let (header, lines) = file::read(&self.path).unwrap();
        assert_eq!(header, self.header);
        let mut teller = Teller::new(false, &header);
        let done = self.campaign().apply(&lines, &mut teller).await;
        (done, teller)
    }

    fn seconds(&self) -> i64 {
        self.clock.now().duration_since("2026-11-20T12:00:00Z".parse::<Timestamp>().unwrap()).as_secs()
    }

    fn written(&self) -> usize {
        let asked = self.ses.asked();
        asked.iter().filter(|one| matches!(one, Asked::NewDestination(_) | Asked::NewMetrics(_))).count()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

#[tokio::test]
async fn three_thousand_sets_are_planned_and_enrolled_at_one_call_a_second() {
    let desk = Desk::of(fleet(), "thousands", false);
    let (planned, teller) = desk.plan(&[]).await;
    assert_eq!(planned.unwrap(), DONE);
    let said = teller.printed.last().unwrap();
    assert_eq!(
        said,
        "\nConfiguration sets: 3,000. To get an event destination: 2,910, reputation metrics: 0, nothing: 30. In need of a \
         person: 60. Nothing was changed."
    );
    assert_eq!((desk.written(), desk.seconds()), (0, PLANNED_IN), "a plan only reads");

    let (applied, teller) = desk.apply().await;
    assert_eq!(applied.unwrap(), LEFT, "60 need a person");
    assert_eq!((teller.count.destinations, teller.count.impossible, desk.written()), (2_910, 60, 2_910));
    assert_eq!(desk.seconds(), PLANNED_IN + APPLIED_IN, "a look and a change for each");
    for number in 0..SETS {
        let published = desk.ses.published(&set(number));
        match number % 100 {
            2 => assert_eq!(published, [elsewhere(DESTINATION)], "never touched"),
            3 => assert_eq!(published.len(), 10, "never touched"),
            _ => assert!(matches!(&published[0].target, Target::Topic(arn) if arn == EVENTS_TOPIC), "{number}"),
        }
    }
    let (again, teller) = desk.apply().await;
    assert_eq!((again.unwrap(), teller.count.nothing, desk.written()), (LEFT, 2_910, 2_910), "nothing is left to do");
}

#[tokio::test]
async fn an_interrupted_plan_goes_on_where_its_file_ends() {
    let desk = Desk::of(fleet(), "interrupted", false);
    let whole = {
        desk.plan(&[]).await.0.unwrap();
        std::fs::read_to_string(&desk.path).unwrap()
    };
    // As if it had been killed in the middle of a line.
    let cut = whole.match_indices('\n').nth(1_000).unwrap().0 + 20;
    std::fs::write(&desk.path, &whole[..cut]).unwrap();
    let before = desk.ses.asked().len();
    let (done, teller) = desk.plan(&[]).await;
    assert_eq!((done.unwrap(), teller.count.sets), (DONE, 3_000));
    assert_eq!(desk.ses.asked().len() - before, 2_000 + PAGES, "the others are not asked after again");
    assert_eq!(std::fs::read_to_string(&desk.path).unwrap(), whole);
}

#[tokio::test]
async fn an_interrupted_application_asks_ses_what_was_done() {
    let desk = Desk::of(fleet(), "applied", true);
    let only: Vec<Pattern> = vec!["tenant-00?0".parse().unwrap()];
    desk.plan(&only).await.0.unwrap();
    let (header, lines) = file::read(&desk.path).unwrap();
    assert_eq!(lines.len(), 10);
    let mut teller = Teller::new(false, &header);
    assert_eq!(desk.campaign().apply(&lines[..4], &mut teller).await.unwrap(), DONE);
    let (done, teller) = desk.apply().await;
    assert_eq!((done.unwrap(), teller.count.nothing, teller.count.destinations), (DONE, 4, 6));
    assert_eq!(teller.count.metrics, 6);
    let new = |one: &Asked| matches!(one, Asked::NewDestination(_));
    assert_eq!(desk.ses.asked().iter().filter(|one| new(one)).count(), 10, "each once");
}

#[tokio::test]
async fn a_lost_answer_and_throttling_are_waited_out() {
    let desk = Desk::of(fleet(), "throttled", false);
    let only: Vec<Pattern> = vec!["tenant-0000".parse().unwrap()];
    desk.ses.plant_in_inventory([SesFault::Throttled, SesFault::Throttled, SesFault::Lost]);
    assert_eq!(desk.plan(&only).await.0.unwrap(), DONE);
    assert!(desk.seconds() >= 2 + 4 + 4, "slower each time: {} s", desk.seconds());
    desk.ses.plant_in_inventory([SesFault::Throttled, SesFault::Lost, SesFault::Lost, SesFault::Throttled]);
    assert_eq!(desk.apply().await.0.unwrap(), DONE);
}

#[tokio::test]
async fn a_set_for_which_there_is_no_answer_is_left_and_said() {
    let desk = Desk::of(fleet(), "lost", false);
    desk.plan(&["tenant-0000".parse().unwrap()]).await.0.unwrap();
    let asked = desk.ses.asked().len();
    desk.ses.plant_in_inventory(std::iter::repeat_n(SesFault::Lost, 4));
    let (done, teller) = desk.apply().await;
    assert_eq!((done.unwrap(), teller.count.failed, desk.ses.asked().len() - asked), (LEFT, 1, 4));
    let (done, teller) = desk.apply().await;
    assert_eq!((done.unwrap(), teller.count.destinations), (DONE, 1));
}

#[tokio::test]
async fn a_change_whose_answer_was_lost_is_seen_to_be_made() {
    for faults in [1, 2, 3] {
        let desk = Desk::of(fleet(), &format!("made-{faults}"), false);
        desk.plan(&["tenant-0000".parse().unwrap()]).await.0.unwrap();
        // Between look and change nothing else is asked: fail the change alone.
        let inventory = Patient::new(desk.ses.clone(), desk.clock.clone());
        let wanted = desk.header.wanted();
        let steps = match plan(&inventory, &wanted, &set(0)).await.unwrap() {
            Plan::Steps(steps) => steps,
            Plan::Impossible(finding) => panic!("{finding:?}"),
        };
        desk.ses.plant_in_inventory(std::iter::repeat_n(SesFault::AnswerLost, faults));
        assert_eq!(carry_out(&inventory, &wanted, &set(0), steps).await.unwrap(), Ok(()), "{faults}");
        assert_eq!(desk.ses.published(&set(0)).len(), 1, "{faults}");
    }
}

#[tokio::test]
async fn what_ses_refuses_stops_it_and_is_gone_on_with() {
    let desk = Desk::of(fleet(), "refused", false);
    desk.ses.plant_in_inventory([SesFault::Denied]);
    let (stopped, _) = desk.plan(&[]).await;
    let Wrong { message, code } = stopped.unwrap_err();
    assert_eq!(
        (message.as_str(), code),
        ("cannot list the configuration sets: SES refused the call: AccessDeniedException", LEFT)
    );
    desk.plan(&["tenant-00*".parse().unwrap()]).await.0.unwrap();
    desk.ses.plant_in_inventory(std::iter::repeat_n(SesFault::Denied, 3));
    let (stopped, teller) = desk.apply().await;
    assert!(stopped.unwrap_err().message.contains("run the same command again"));
    assert_eq!((teller.count.failed, desk.written()), (3, 0));
    let (done, teller) = desk.apply().await;
    assert_eq!((done.unwrap(), teller.count.destinations), (LEFT, 97));
}

#[tokio::test]
async fn what_changed_since_the_plan_is_not_done_by_it() {
    let desk = Desk::of(fleet(), "changed", false);
    desk.plan(&["tenant-000?".parse().unwrap()]).await.0.unwrap();
    desk.ses.delete(&set(0));
    desk.ses.create(&set(4));
    desk.ses.publish(&set(5), [elsewhere(DESTINATION)]);
    desk.ses.publish(&set(1), []);
    let (done, teller) = desk.apply().await;
    assert_eq!(done.unwrap(), LEFT);
    let of = |number: usize| {
        let name = set(number).name.to_string();
        teller.printed.iter().find(|line| line.starts_with(&name)).cloned().unwrap_or_default()
    };
    assert_eq!(of(0), "tenant-0000  SES knows it no more");
    assert_eq!(of(1), "", "the plan was to do nothing");
    assert_eq!(of(4), "tenant-0004  nothing was left to do");
    assert!(
        of(5)
            .starts_with("tenant-0005  impossible: Its event destination guard leads to Firehose and not to the guard")
    );
    assert_eq!(of(6), format!("tenant-0006  created event destination guard → {EVENTS_TOPIC}"));
    assert!(desk.ses.published(&set(1)).is_empty());
}

#[test]
fn a_file_that_is_no_such_plan_is_refused() {
    let desk = Desk::of(SimulatedSes::default(), "refusal", false);
    let other = Desk::of(SimulatedSes::default(), "other", true);
    drop(PlanFile::continued(&desk.path, &desk.header).unwrap());
    let refused = PlanFile::continued(&desk.path, &other.header).unwrap_err();
    assert!(refused.message.contains("is the plan of something else"), "{}", refused.message);
    for (text, part) in [
        ("", "is empty"),
        ("{\"configurationSet\": \"a\"}\n", ":1: this is no plan"),
        ("cut off in its first line", "is empty"),
    ] {
        std::fs::write(&desk.path, text).unwrap();
        let refused = file::read(&desk.path).unwrap_err();
        assert!(refused.message.contains(part) && refused.code == 2, "{text}: {}", refused.message);
    }
    std::fs::write(&desk.path, serde_json::to_string(&desk.header).unwrap() + "\nnot JSON\n").unwrap();
    assert!(file::read(&desk.path).unwrap_err().message.contains(":2: this is no plan"));
}
