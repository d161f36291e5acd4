//! One contract, every store: in memory, a DynamoDB API in this process, and the local AWS where one is running.

use std::collections::BTreeSet;

use futures::future::join_all;
use guard_aws::{Clients, DynamoLedger, DynamoRegister};
use guard_core::account::{AccountWatch, Chosen, RateWatch, Round};
use guard_core::audit::{Act, AuditRecord};
use guard_core::event::SignalKind::{self, Bounce, Complaint, Prevented, Send};
use guard_core::event::{Origin, Signal, TenantEvent, TenantWord};
use guard_core::fleet::{Fleet, Listing, Telling};
use guard_core::hearing::{Gap, Unheard};
use guard_core::home::Home;
use guard_core::judge::Metric;
use guard_core::judge::account::Counts;
use guard_core::name::SetKey;
use guard_core::policy::Ppm;
use guard_core::policy::stored::{PolicyStore, StoredPolicy};
use guard_core::port::{AccountStanding, Committed, Glance, Ledger, Register, SendQuota};
use guard_core::sight::{BlindSpot, Sight, View};
use guard_core::state::{Change, Hold, Intent, Mark, Owner, Phase, State, Totals, Why};
use guard_core::tally::{Addition, Share, fold};
use guard_core::tenant::{Lever, SendingStatus, TenantsWatch};
use guard_core::time::{Bucket, plus_seconds};
use guard_local::{MemoryLedger, MemoryPolicyStore, MemoryRegister};
use guard_tests::mail::{REGION, at, set, signal};
use guard_tests::store::dynoxide;
use jiff::Timestamp;

/// Runs each law against each store.
macro_rules! contract {
    ($($law:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test]
            async fn $law() {
                super::$law(super::MemoryLedger::default(), super::MemoryRegister::default(), "").await;
            })*
        }
        mod in_dynamodb {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() {
                let (ledger, register) = super::dynoxide().await;
                super::$law(ledger, register, "").await;
            })*
        }
        mod in_local_aws {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() {
                let Some((ledger, register)) = super::local_aws() else {
                    eprintln!("skipped: GUARD_TEST_ENDPOINT names no local AWS; `make test` starts one");
                    return;
                };
                super::$law(ledger, register, &format!("{}-", stringify!($law).replace('_', "-"))).await;
            })*
        }
    };
}

contract!(
    what_was_added_is_in_the_window,
    a_repeat_with_recorded_ids_changes_nothing,
    a_write_that_may_have_landed_stays_inside_the_interval,
    racing_writers_lose_nothing,
    the_newest_mail_survives_every_order,
    whose_mail_it_was_is_kept,
    an_unknown_set_is_in_the_default_state,
    every_part_of_a_state_is_kept,
    a_stale_change_writes_nothing,
    one_of_many_racing_changes_is_made,
    a_mark_is_not_taken_off_by_who_has_not_seen_it,
    marks_and_changes_do_not_disturb_each_other,
    pending_intents_are_listed_worst_first,
    marks_are_listed_until_they_are_judged,
    a_glance_tells_what_the_state_tells,
    the_account_as_a_whole_is_no_set,
    history_is_newest_first,
);

#[tokio::test]
async fn policies_in_memory() {
    versions_of_the_policy_have_no_gaps(MemoryPolicyStore::default()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn policies_in_dynamodb() {
    versions_of_the_policy_have_no_gaps(guard_tests::store::policies().await).await;
}

async fn versions_of_the_policy_have_no_gaps(store: impl PolicyStore) {
    let policy = |version, text: &str| StoredPolicy {
        version,
        text: text.into(),
        at: at(MONDAY),
        actor: "ops".into(),
        reason: format!("for {version}"),
    };
    assert_eq!(store.latest().await.unwrap(), None);
    assert_eq!(store.push(&policy(2, "too early")).await.unwrap(), Committed::Conflict);
    for version in 1..=12 {
        let (mine, theirs) = (policy(version, "mine"), policy(version, "theirs"));
        let (one, other) = futures::join!(store.push(&mine), store.push(&theirs));
        let done = [one.unwrap(), other.unwrap()].map(|one| one == Committed::Done);
        assert!(done[0] != done[1], "one of two racing pushes: {done:?}");
        let won = if done[0] { mine } else { theirs };
        assert_eq!(store.latest().await.unwrap().as_ref(), Some(&won));
        assert_eq!(store.version(version).await.unwrap(), Some(won));
    }
    assert_eq!(store.push(&policy(12, "again")).await.unwrap(), Committed::Conflict);
    let latest: Vec<u64> = store.versions(3).await.unwrap().iter().map(|one| one.version).collect();
    assert_eq!(latest, [12, 11, 10]);
    assert_eq!(store.version(13).await.unwrap(), None);
}

/// The tables of a stack in the local AWS; sets are named by law, so that laws don't meet.
fn local_aws() -> Option<(DynamoLedger, DynamoRegister)> {
    let env = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let clients = Clients::local(&env("GUARD_TEST_ENDPOINT")?, REGION);
    let (ledger, state) = (env("GUARD_TEST_LEDGER_TABLE")?, env("GUARD_TEST_STATE_TABLE")?);
    Some((DynamoLedger::new(&clients, &ledger), DynamoRegister::new(&clients, &state)))
}

const MONDAY: &str = "2026-11-16T09:00:00Z";

/// The additions of mails, with as many ids as an unknown bucket takes.
fn additions(name: &str, kind: SignalKind, mails: std::ops::Range<u64>, sent_at: Timestamp) -> Vec<Addition> {
    let signals: Vec<_> = mails.map(|mail| signal(name, kind, mail, sent_at)).collect();
    let mut additions = fold(signals.iter().map(|signal| (signal, false)));
    additions.iter_mut().for_each(|addition| addition.record_what_fits(None));
    additions
}

async fn add(ledger: &impl Ledger, additions: &[Addition]) {
    for addition in additions {
        ledger.add(addition).await.unwrap();
    }
}

async fn what_was_added_is_in_the_window(ledger: impl Ledger, _: impl Register, test: &str) {
    let (name, other) = (format!("{test}a"), format!("{test}ab"));
    let monday = at(MONDAY);
    for (mails, minutes) in [(0..5, -15), (5..12, 0), (12..14, 14), (14..15, 15), (15..19, 30)] {
        add(&ledger, &additions(&name, Send, mails, plus_seconds(monday, minutes * 60))).await;
    }
    add(&ledger, &additions(&other, Send, 0..3, monday)).await;
    add(&ledger, &additions(&name, Bounce, 0..2, monday)).await;
    add(&ledger, &additions(&name, Complaint, 0..1, monday)).await;
    add(&ledger, &additions(&name, Prevented, 0..4, monday)).await;

    let from = Bucket::of(monday);
    let window = ledger.window(&set(&name), from, from.plus(1)).await.unwrap();
    let sends: Vec<_> = window.iter().map(|tally| (tally.bucket, tally.counts.sends.exact())).collect();
    assert_eq!(sends, [(from, Some(9)), (from.plus(1), Some(1))], "both ends are included, nothing beyond them is");
    let first = window[0].counts;
    assert_eq!((first.bounces.exact(), first.complaints.exact(), first.prevented.exact()), (Some(2), Some(1), Some(4)));
    assert!(ledger.window(&set(&name), from.plus(50), from.plus(99)).await.unwrap().is_empty());
    assert!(
        ledger.window(&set(&name), from.plus(1), from).await.unwrap().is_empty(),
        "a fence that lies ahead of the judge's clock"
    );
}

async fn a_repeat_with_recorded_ids_changes_nothing(ledger: impl Ledger, _: impl Register, test: &str) {
    let (name, monday) = (format!("{test}a"), at(MONDAY));
    let bucket = Bucket::of(monday);
    let once = [additions(&name, Send, 0..20, monday), additions(&name, Bounce, 0..7, monday)].concat();
    let mut seen = BTreeSet::new();
    for _ in 0..3 {
        add(&ledger, &once).await;
        let counts = ledger.window(&set(&name), bucket, bucket).await.unwrap()[0].counts;
        seen.insert((counts.sends.exact(), counts.bounces.exact()));
    }
    assert_eq!(seen, BTreeSet::from([(Some(20), Some(7))]));
    let held = ledger.add(&once[0]).await.unwrap();
    let ids = held.ids;
    assert_eq!(
        (ids.sends.len(), ids.bounces.len(), ids.complaints.len()),
        (20, 7, 0),
        "the writer learns what is there"
    );
    let window = ledger.window(&set(&name), bucket, bucket).await.unwrap();
    assert_eq!(window, [held.tally], "all of it");
}

async fn a_write_that_may_have_landed_stays_inside_the_interval(ledger: impl Ledger, _: impl Register, test: &str) {
    let (name, monday) = (format!("{test}a"), at(MONDAY));
    let bucket = Bucket::of(monday);
    // 100 sends are more than an unknown bucket takes ids of.
    let mut addition = additions(&name, Send, 0..100, monday).remove(0);
    ledger.add(&addition).await.unwrap();
    addition.suspect_all();
    ledger.add(&addition).await.unwrap();
    let sends = ledger.window(&set(&name), bucket, bucket).await.unwrap()[0].counts.sends;
    assert_eq!((sends.exact(), sends.lower(), sends.upper()), (None, 100, 200));
}

async fn racing_writers_lose_nothing(ledger: impl Ledger, _: impl Register, test: &str) {
    let (name, monday) = (format!("{test}a"), at(MONDAY));
    let bucket = Bucket::of(monday);
    // Eight writers, each with 30 bounces of its own and 10 that all of them have.
    let writers = (0..8u64).map(|writer| {
        let ledger = &ledger;
        let (own, all) = (1_000 * (writer + 1), 0);
        let own = additions(&name, Bounce, own..own + 30, monday);
        let all = additions(&name, Bounce, all..all + 10, monday);
        async move {
            add(ledger, &own).await;
            add(ledger, &all).await;
        }
    });
    join_all(writers).await;
    let bounces = ledger.window(&set(&name), bucket, bucket).await.unwrap()[0].counts.bounces;
    assert_eq!((bounces.receipts, bounces.exact()), (320, Some(250)));
}

async fn the_newest_mail_survives_every_order(ledger: impl Ledger, _: impl Register, test: &str) {
    let monday = at(MONDAY);
    let bucket = Bucket::of(monday);
    let orders = [[0, 300, 890], [890, 300, 0], [300, 890, 0]];
    for (number, order) in orders.into_iter().enumerate() {
        let name = format!("{test}{number}");
        for (mail, second) in (0..).zip(order) {
            add(&ledger, &additions(&name, Send, mail..mail + 1, plus_seconds(monday, second))).await;
        }
        add(&ledger, &additions(&name, Bounce, 0..1, plus_seconds(monday, 127))).await;
        let tally = ledger.window(&set(&name), bucket, bucket).await.unwrap().swap_remove(0);
        assert_eq!(tally.newest_send, Some(plus_seconds(monday, 890)), "{order:?}");
        assert_eq!(tally.newest_failure, Some(plus_seconds(monday, 120)), "to 10 seconds");
    }
}

async fn whose_mail_it_was_is_kept(ledger: impl Ledger, _: impl Register, test: &str) {
    let (name, monday) = (format!("{test}a"), at(MONDAY));
    let bucket = Bucket::of(monday);
    let of = |sender: &str, kind, mails: std::ops::Range<u64>, suspect: bool| {
        let by = |mail| Signal { sender: sender.parse().ok(), ..signal(&name, kind, mail, monday) };
        let signals: Vec<_> = mails.map(by).collect();
        let mut additions = fold(signals.iter().map(|signal| (signal, suspect)));
        additions.iter_mut().for_each(|addition| addition.record_what_fits(None));
        additions
    };
    add(&ledger, &of("tenant-a", Send, 0..7, false)).await;
    add(&ledger, &of("tenant-a", Send, 7..9, true)).await;
    add(&ledger, &of("team=b+c,d.e:f/g", Bounce, 0..3, false)).await;
    add(&ledger, &of("", Bounce, 3..5, false)).await;
    let held = ledger.add(&of("tenant-a", Complaint, 0..1, false)[0]).await.unwrap();
    let senders = ["team=b+c,d.e:f/g", "tenant-a"].map(|sender| sender.parse().unwrap());
    assert_eq!(held.tally.senders.into_keys().collect::<BTreeSet<_>>(), BTreeSet::from(senders.clone()));

    let tally = ledger.window(&set(&name), bucket, bucket).await.unwrap().swap_remove(0);
    let shares = |sender| tally.senders[sender];
    let [of_b, of_a] = [shares(&senders[0]), shares(&senders[1])];
    assert_eq!((of_a.sends, of_b.bounces), (Share { receipts: 9, suspect: 2 }, Share { receipts: 3, suspect: 0 }));
    assert_eq!((of_a.complaints.receipts, of_a.bounces, of_b.sends), (1, Share::default(), Share::default()));
    assert_eq!(tally.counts.bounces.exact(), Some(5), "what nobody is named for counts as before");
}

async fn an_unknown_set_is_in_the_default_state(_: impl Ledger, register: impl Register, test: &str) {
    let unknown = set(&format!("{test}a"));
    assert_eq!(register.read(&unknown).await.unwrap(), State::default());
    assert!(register.history(&unknown, 10).await.unwrap().is_empty());
}

/// A state in which nothing has its default value.
fn full(audit: &AuditRecord) -> State {
    let why =
        Why { evidence: Some(serde_json::json!({"deep": [1, null]})), ..Why::operator("because".into(), "ops", "x") };
    let listing =
        Listing { next: Some("page 2".into()), seen: 1_000, asked_at: Some(at(MONDAY)), ..Listing::default() };
    let fleet = Fleet { listing, telling: Telling { singly: 3, ..Telling::default() } };
    let mut sight = Sight::beginning(at(MONDAY));
    sight.checked_at = Some(at(MONDAY));
    sight.saw(BlindSpot::DeadLetters, View::Blind("12 events".into()), at(MONDAY));
    State {
        revision: 0,
        phase: Phase::Pausing,
        generation: 7,
        applied: 6,
        fresh: Some(Bucket::of(at(MONDAY))),
        owner: Some(Owner::Operator),
        dirty: 0,
        judged: 3,
        to_judge: false,
        pending: Some((Intent::Pause, 4_711)),
        lever: Lever::Tenant("acme/tn-1a2b".parse().unwrap()),
        lease: Some(guard_core::state::Lease { id: "me".into(), until: at("2026-11-16T09:01:00.123Z") }),
        hold: Some(Hold { actor: "ops".into(), reason: "migration".into(), since: at(MONDAY) }),
        off_since: Some(at("2026-11-16T08:00:00.001Z")),
        confirmed_at: Some(at("2026-11-16T08:00:00.002Z")),
        looked_at: Some(at("2026-11-16T08:01:00.005Z")),
        look_at: Some(at("2026-11-16T08:02:00.003Z")),
        reminded_at: Some(at("2026-11-16T08:30:00.004Z")),
        near: true,
        recheck_at: Some(at("2026-11-16T09:00:15Z")),
        would_pause_told: true,
        degraded_told: true,
        strangers_told_at: Some(at("2026-11-16T08:45:00.007Z")),
        untold: BTreeSet::from([audit.id.clone()]),
        why: Some(why),
        totals: Some(Totals { sends: 1, bounces: 2, complaints: 3, prevented: 4 }),
        used_ppm: 5,
        unheard: Some(Unheard { gap: Gap::Incomplete, since: at("2026-11-16T07:00:00.006Z"), told: true }),
        fleet: Some(fleet),
        account: Some(Box::new(full_watch())),
        sight: Some(sight),
    }
}

fn full_watch() -> AccountWatch {
    let counts = Counts { sends: 1_000, events: 41 };
    let chosen = Chosen { name: set("promo").name, counts, generation: 4 };
    let rate = RateWatch {
        ours: counts,
        hours: 24,
        ses_ppm: Some(44_000),
        warned: true,
        named: Some(BTreeSet::from([set("promo").name])),
        apart_since: Some(at(MONDAY)),
        apart_told: true,
    };
    let round = |done| Round {
        at: at(MONDAY),
        metric: Metric::Complaint,
        ours: counts,
        hours: 72,
        target: Ppm::NONE,
        sets: vec![chosen.clone()],
        done,
    };
    let quota = SendQuota { max_24_hours: -1, max_per_second: 14, sent_last_24_hours: 3 };
    AccountWatch {
        at: Some(at(MONDAY)),
        bounce: rate.clone(),
        complaint: RateWatch { named: None, ..rate },
        standing: Some(AccountStanding {
            enforcement_status: "PROBATION".to_owned(),
            sending_enabled: false,
            quota: Some(quota),
        }),
        asked_at: Some(at(MONDAY)),
        unread: Some("denied".to_owned()),
        alarmed_at: Some(at(MONDAY)),
        chose_at: Some(at(MONDAY)),
        rounds: vec![round(true), round(false)],
        tenants: full_tenants(),
    }
}

fn full_tenants() -> TenantsWatch {
    let mut tenants = TenantsWatch::default();
    let found = "The bounce rate exceeded 15.0%.".to_owned();
    let (kind, impact) = ("BOUNCE".to_owned(), "HIGH".to_owned());
    for word in [
        TenantWord::Status { origin: Origin::Aws, status: SendingStatus::Disabled, cause: Some("because".to_owned()) },
        TenantWord::Status { origin: Origin::Customer, status: SendingStatus::Reinstated, cause: None },
        TenantWord::Finding { kind, impact, open: true, sentence: found },
    ] {
        let home = Home::of(&set("promo"));
        let event = TenantEvent { home, tenant: "acme/tn-1a2b".parse().unwrap(), at: at(MONDAY), word };
        drop(tenants.hear(&event, false, at(MONDAY)));
    }
    tenants
}

fn record(of: &SetKey, second: i64, before: &State) -> AuditRecord {
    let now = plus_seconds(at(MONDAY), second);
    AuditRecord::of(of, now, Act::Held, before, before, Why::operator(format!("at {second}"), "ops", "because"))
}

async fn every_part_of_a_state_is_kept(_: impl Ledger, register: impl Register, test: &str) {
    let set = set(&format!("{test}a"));
    let default = State::default();
    let audit = record(&set, 0, &default);
    for (mark, recorded) in [(Mark::Keep, true), (Mark::Set, false), (Mark::Clear, false), (Mark::Keep, false)] {
        let before = register.read(&set).await.unwrap();
        let mut change = Change::silent(&set, &before, full(&audit));
        change.mark = mark;
        if recorded {
            change.audit.push(audit.clone());
        }
        change.after.dirty = before.dirty;
        change.after.to_judge = before.to_judge;
        assert_eq!(register.commit(&change).await.unwrap(), Committed::Done, "{mark:?}");
        assert_eq!(register.read(&set).await.unwrap(), change.stored(), "{mark:?}");
    }
    // And everything can be taken away again.
    let before = register.read(&set).await.unwrap();
    let nothing = State { dirty: before.dirty, ..State::default() };
    let change = Change::silent(&set, &before, nothing);
    assert_eq!(register.commit(&change).await.unwrap(), Committed::Done);
    assert_eq!(register.read(&set).await.unwrap(), change.stored());
    assert_eq!(register.audit_record(&set, &audit.id).await.unwrap(), Some(audit));
}

async fn a_stale_change_writes_nothing(_: impl Ledger, register: impl Register, test: &str) {
    let set = set(&format!("{test}a"));
    let before = register.read(&set).await.unwrap();
    let first = Change::silent(&set, &before, State { generation: 1, ..before.clone() });
    assert_eq!(register.commit(&first).await.unwrap(), Committed::Done);
    for audit in [vec![], vec![record(&set, 1, &before), record(&set, 2, &before)]] {
        let stale = Change { audit, ..Change::silent(&set, &before, State { generation: 9, ..before.clone() }) };
        assert_eq!(register.commit(&stale).await.unwrap(), Committed::Conflict);
        assert_eq!(register.read(&set).await.unwrap(), first.stored());
        assert!(register.history(&set, 10).await.unwrap().is_empty(), "nor its records");
    }
}

async fn one_of_many_racing_changes_is_made(_: impl Ledger, register: impl Register, test: &str) {
    let set = set(&format!("{test}a"));
    for round in 1..=5 {
        let before = register.read(&set).await.unwrap();
        let racers = (0..6u64).map(|racer| {
            let (register, set, before) = (&register, &set, &before);
            async move {
                let after = State { generation: round, applied: racer, ..before.clone() };
                let change = Change::silent(set, before, after);
                let second = i64::try_from(100 * round + racer).unwrap();
                let change = if racer % 2 == 0 { change.recorded(record(set, second, before), false) } else { change };
                register.commit(&change).await.unwrap()
            }
        });
        let results = join_all(racers).await;
        assert_eq!(results.iter().filter(|result| **result == Committed::Done).count(), 1, "{results:?}");
        assert_eq!(register.read(&set).await.unwrap().revision, round);
    }
}

async fn a_mark_is_not_taken_off_by_who_has_not_seen_it(_: impl Ledger, register: impl Register, test: &str) {
    let set = set(&format!("{test}a"));
    register.mark(&set).await.unwrap();
    let seen = register.read(&set).await.unwrap();
    assert_eq!((seen.dirty, seen.to_judge, seen.revision), (1, true, 0));
    register.mark(&set).await.unwrap();
    let clear = Change::silent(&set, &seen, seen.clone()).judged();
    assert_eq!(register.commit(&clear).await.unwrap(), Committed::Conflict);
    let seen = register.read(&set).await.unwrap();
    assert_eq!((seen.dirty, seen.to_judge), (2, true));
    let clear = Change::silent(&set, &seen, seen.clone()).judged();
    assert_eq!(register.commit(&clear).await.unwrap(), Committed::Done);
    let judged = register.read(&set).await.unwrap();
    assert_eq!((judged.dirty, judged.judged, judged.to_judge), (2, 2, false));
}

async fn marks_and_changes_do_not_disturb_each_other(_: impl Ledger, register: impl Register, test: &str) {
    let set = set(&format!("{test}a"));
    let marks = (0..20).map(|_| async {
        // A mark may meet a transaction on the same item; whoever marks tries again.
        while register.mark(&set).await.is_err() {}
    });
    let changes = async {
        for second in 0..10 {
            loop {
                let before = register.read(&set).await.unwrap();
                let after = State { generation: before.generation + 1, ..before.clone() };
                let change = Change::silent(&set, &before, after).recorded(record(&set, second, &before), false);
                if register.commit(&change).await.unwrap() == Committed::Done {
                    break;
                }
            }
        }
    };
    futures::join!(join_all(marks), changes);
    let state = register.read(&set).await.unwrap();
    assert_eq!((state.dirty, state.generation, state.to_judge), (20, 10, true));
}

async fn pending_intents_are_listed_worst_first(_: impl Ledger, register: impl Register, test: &str) {
    for (name, pending) in [
        ("resume", Some((Intent::Resume, 0))),
        ("mild", Some((Intent::Pause, 9))),
        ("worst", Some((Intent::Pause, 1_000))),
        ("bad", Some((Intent::Pause, 100))),
        ("none", None),
    ] {
        let set = set(&format!("{test}{name}"));
        let before = register.read(&set).await.unwrap();
        let change = Change::silent(&set, &before, State { pending, ..before.clone() });
        assert_eq!(register.commit(&change).await.unwrap(), Committed::Done);
    }
    let listed: Vec<String> = register
        .pending()
        .await
        .unwrap()
        .into_iter()
        .filter_map(|one| one.set.name.as_str().strip_prefix(test).map(str::to_owned))
        .collect();
    assert_eq!(listed, ["worst", "bad", "mild", "resume"]);
    let known = register.states().await.unwrap();
    assert!(known.iter().any(|(one, state)| *one == set(&format!("{test}bad")) && state.pending.is_some()));
}

async fn marks_are_listed_until_they_are_judged(_: impl Ledger, register: impl Register, test: &str) {
    let [marked, judged, changed] = ["marked", "judged", "changed"].map(|name| set(&format!("{test}{name}")));
    for set in [&marked, &judged] {
        register.mark(set).await.unwrap();
    }
    let seen = register.read(&judged).await.unwrap();
    let judgement = Change::silent(&judged, &seen, seen.clone()).judged();
    assert_eq!(register.commit(&judgement).await.unwrap(), Committed::Done);
    let change = Change::silent(&changed, &State::default(), State { generation: 1, ..State::default() });
    assert_eq!(register.commit(&change).await.unwrap(), Committed::Done);
    let listed = register.to_judge().await.unwrap();
    let listed = [&marked, &judged, &changed].map(|set| listed.contains(set));
    assert_eq!(listed, [true, false, false]);
}

async fn a_glance_tells_what_the_state_tells(_: impl Ledger, register: impl Register, test: &str) {
    let [full_set, plain, marked] = ["full", "plain", "marked"].map(|name| set(&format!("{test}{name}")));
    register.mark(&marked).await.unwrap();
    let mut expected = Vec::new();
    for (of, after) in [(&full_set, full(&record(&full_set, 0, &State::default()))), (&plain, State::default())] {
        let mut change = Change::silent(of, &State::default(), after);
        change.audit.push(record(of, 0, &State::default()));
        assert_eq!(register.commit(&change).await.unwrap(), Committed::Done);
        expected.push(Glance::at(of, &register.read(of).await.unwrap()));
    }
    let mut glances = register.glances().await.unwrap();
    assert!(glances.is_sorted_by_key(|glance| glance.set.clone()));
    glances.retain(|glance| [&full_set, &plain, &marked].contains(&&glance.set));
    assert_eq!(glances, expected, "without records, and without what was only marked");
    assert!(glances[0].has_failures() && glances[0].near && glances[0].is_held && glances[0].is_untold);
    assert!(glances[0].is_unheard && !glances[1].is_unheard);
}

async fn the_account_as_a_whole_is_no_set(_: impl Ledger, register: impl Register, test: &str) {
    let one = set(&format!("{test}a"));
    let account = SetKey::account(one.account.clone(), one.region.clone());
    for of in [&one, &account] {
        let before = register.read(of).await.unwrap();
        let change = Change::silent(of, &before, before.clone()).recorded(record(of, 7, &before), true);
        let _ = register.commit(&change).await.unwrap();
        assert!(!register.read(of).await.unwrap().untold.is_empty());
    }
    let states = register.states().await.unwrap();
    assert!(states.iter().any(|(of, _)| *of == one) && states.iter().all(|(of, _)| *of != account));
    assert!(register.glances().await.unwrap().iter().any(|glance| glance.set == account));
}

async fn history_is_newest_first(_: impl Ledger, register: impl Register, test: &str) {
    let (set, other) = (set(&format!("{test}a")), set(&format!("{test}b")));
    for (of, second) in [(&set, 1), (&set, 3), (&other, 4), (&set, 2)] {
        let before = register.read(of).await.unwrap();
        let change = Change::silent(of, &before, before.clone()).recorded(record(of, second, &before), true);
        assert_eq!(register.commit(&change).await.unwrap(), Committed::Done);
    }
    let sentences = |limit| async move {
        let records = register.history(&set, limit).await.unwrap();
        records.into_iter().map(|record| record.sentence).collect::<Vec<_>>()
    };
    assert_eq!(sentences(2).await, ["at 3", "at 2"]);
}
