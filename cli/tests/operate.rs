//! An operator's commands: from the arguments to the request, and from the answer to the text and the exit code.
#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod guard;
mod lambda;

use std::net::TcpListener;
use std::path::Path;
use std::process::{Output, Stdio};

use assert_cmd::Command;
use guard::{Guard, set, wait};
use guard_core::account::{AccountWatch, Chosen, RateWatch, Round};
use guard_core::fleet::{Fleet, Listing};
use guard_core::hearing::{Gap, Unheard};
use guard_core::home::Homes;
use guard_core::judge::Metric;
use guard_core::judge::account::Counts;
use guard_core::name::SetKey;
use guard_core::policy::Ppm;
use guard_core::port::{AccountStanding, Committed, Register, SendQuota};
use guard_core::sight::BlindSpot;
use guard_core::state::{Change, State, Totals};
use insta::assert_snapshot;
use lambda::{Invocation, Lambda, Reply};
use serde_json::{Value, json};

const OPS: &str = "ops@example.com";

/// With nothing in its environment but a stand-in of AWS.
fn ses_guard(url: &str) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("ses-guard"));
    command.env_clear().env("AWS_ENDPOINT_URL", url).env("AWS_REGION", "eu-west-1");
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    command.env("AWS_MAX_ATTEMPTS", "1").env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

fn deployed(guard: &Guard) -> Lambda {
    let guard = guard.clone();
    Lambda::start(move |request| Reply::answer(guard.answer(request)))
}

fn answering(body: impl ToString) -> Lambda {
    let body = body.to_string();
    Lambda::start(move |_| Reply::answer(&body))
}

fn run(lambda: &Lambda, arguments: &[&str]) -> Output {
    ses_guard(&lambda.url()).args(arguments).output().unwrap()
}

/// What a command that is done prints.
fn printed(lambda: &Lambda, arguments: &[&str]) -> String {
    let output = run(lambda, arguments);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""), "{arguments:?}");
    text(&output.stdout).to_owned()
}

/// The one line of a command that is not done.
fn told(output: &Output, code: i32) -> String {
    let line = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{line}");
    assert_eq!(line.lines().count(), 1, "{line}");
    line.strip_prefix("ses-guard: ").unwrap_or_else(|| panic!("{line}")).trim_end().to_owned()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn order<'a>(action: &'a str, set: &'a str) -> [&'a str; 6] {
    [action, set, "--reason", "list cleaned, ticket 4711", "--actor", OPS]
}

#[test]
fn each_command_is_one_request() {
    let lambda = answering(json!({ "ok": true }));
    let resume = order("resume", "marketing-weekly");
    for (arguments, request) in [
        (&["status"][..], json!({ "action": "status" })),
        (&["status", "marketing-weekly"], json!({ "action": "status", "configurationSet": "marketing-weekly" })),
        (
            &["status", "marketing-weekly", "--home", "444455556666/us-east-1"],
            json!({
                "action": "status", "configurationSet": "marketing-weekly", "account": "444455556666",
                "region": "us-east-1",
            }),
        ),
        (
            &["list", "--home", "444455556666/us-east-1"],
            json!({ "action": "list", "account": "444455556666", "region": "us-east-1" }),
        ),
        (&["history", "*account*"], json!({ "action": "history", "configurationSet": "*account*" })),
        (&["list"], json!({ "action": "list" })),
        (&["list", "--phase", "TRIAL"], json!({ "action": "list", "phase": "TRIAL" })),
        (&["list", "--phase", "paused"], json!({ "action": "list", "phase": "PAUSED" })),
        (
            &["history", "marketing-weekly", "--limit", "5"],
            json!({ "action": "history", "configurationSet": "marketing-weekly", "limit": 5 }),
        ),
        (
            &[&resume[..], &["--force"]].concat(),
            json!({
                "action": "resume", "configurationSet": "marketing-weekly", "reason": "list cleaned, ticket 4711",
                "actor": OPS, "force": true,
            }),
        ),
    ] {
        let output = run(&lambda, &[arguments, &["--json"]].concat());
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(lambda.invocations().last().unwrap().request, request, "{arguments:?}");
    }
}

#[test]
fn the_commands_send_what_the_events_of_the_same_name_hold() {
    let lambda = answering(json!({ "ok": true }));
    let events = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events/operate");
    for action in ["status", "list", "history", "pause", "resume", "hold", "release"] {
        let event = std::fs::read_to_string(events.join(action).with_extension("json")).unwrap();
        let event: Value = serde_json::from_str(&event).unwrap();
        let said = |field: &str| event.get(field).and_then(Value::as_str);
        let mut arguments = vec![action, "--json"];
        arguments.extend(said("configurationSet"));
        for (option, field) in [("--reason", "reason"), ("--actor", "actor")] {
            arguments.extend(said(field).map(|value| [option, value]).into_iter().flatten());
        }
        run(&lambda, &arguments);
        assert_eq!(lambda.invocations().last().unwrap().request, event, "{action}");
    }
}

#[test]
fn the_actor_may_come_from_the_environment() {
    let lambda = answering(json!({ "ok": true }));
    let mut command = ses_guard(&lambda.url());
    command.args(["hold", "transactional", "--reason", "launch", "--json"]).env("GUARD_ACTOR", OPS).assert().code(0);
    assert_eq!(lambda.invocations()[0].request["actor"], OPS);
}

#[test]
fn the_function_is_found_by_stack_name_or_arn() {
    const ARN: &str = "arn:aws:lambda:ap-south-1:111122223333:function:other-operate";
    let default = "ses-reputation-guard-operate";
    for (arguments, env, function, region) in [
        (&[][..], "", default, "eu-west-1"),
        (&["--stack", "mail-guard"], "", "mail-guard-operate", "eu-west-1"),
        (&["--function", "operate"], "", "operate", "eu-west-1"),
        (&[], "from-env", "from-env", "eu-west-1"),
        (&["--stack", "mail-guard"], "from-env", "mail-guard-operate", "eu-west-1"),
        (&["--function", "operate"], "from-env", "operate", "eu-west-1"),
        (&["--region", "eu-central-1"], "", default, "eu-central-1"),
        (&["--function", ARN], "", ARN, "ap-south-1"),
        (&[], ARN, ARN, "ap-south-1"),
    ] {
        let lambda = deployed(&Guard::empty());
        let mut command = ses_guard(&lambda.url());
        command.args(["list"]).args(arguments).env("GUARD_OPERATE_FUNCTION", env);
        command.assert().code(0).stdout("No such configuration set is known.\n");
        let [Invocation { function: asked, region: signed, .. }] = &lambda.invocations()[..] else { panic!() };
        assert_eq!((asked.as_str(), signed.as_str()), (function, region), "{arguments:?} {env}");
    }
}

#[test]
fn another_region_keeps_the_exit_code() {
    let lambda = deployed(&Guard::empty());
    let output = run(&lambda, &["status", "nobody", "--region", "eu-central-1"]);
    assert!(told(&output, 1).starts_with("SES knows no configuration set of this name"));
}

/// The set's events are known not to reach the guard, and SES's list to be long.
fn unheard(guard: &Guard, name: &str) {
    let before = wait(guard.register.read(&set(name))).unwrap();
    let since = "2026-11-20T09:00:00Z".parse().unwrap();
    let unheard = Some(Unheard { gap: Gap::NoDestination, since, told: true });
    guard.commit(&Change::silent(&set(name), &before, State { unheard, ..before.clone() }));
    let account = SetKey::account(set(name).account, set(name).region);
    let listing = Listing::default().read(9_400, None, "2026-11-20T02:00:00Z".parse().unwrap());
    let fleet = Some(Fleet { listing, ..Fleet::default() });
    let before = wait(guard.register.read(&account)).unwrap();
    guard.commit(&Change::silent(&account, &before, State { fleet, ..before.clone() }));
}

#[test]
fn what_is_not_heard_is_shown() {
    let guard = Guard::with_four_sets();
    unheard(&guard, "brand-new");
    let lambda = deployed(&guard);
    let status = printed(&lambda, &["status"]);
    assert!(status.contains("not heard           1: ses-guard list --unheard"), "{status}");
    assert!(status.contains("listed in SES       9,400 of 10,000 that it takes, 2026-11-20 02:00:00 UTC"), "{status}");
    let listed = printed(&lambda, &["list", "--unheard"]);
    assert!(listed.contains("ACTIVE, not heard") && listed.lines().count() == 2, "{listed}");
    let card = printed(&lambda, &["status", "brand-new"]);
    assert!(
        card.contains("not heard          no event destination leads to the guard (found 2026-11-20 09:00:00 UTC)"),
        "{card}"
    );
    assert!(!printed(&lambda, &["status", "transactional"]).contains("not heard"));
}

#[test]
fn the_guard_as_a_whole() {
    let lambda = deployed(&Guard::with_four_sets());
    assert_snapshot!(printed(&lambda, &["status"]), @r"
    mode                enforce: sets are paused at their line
    configuration sets  3: 2 ACTIVE, 1 PAUSED
    listed in SES       –
    not heard           0
    held                0
    to be judged        0
    waiting for SES     0
    policy              built in: none was pushed, GUARD_POLICY is empty
    bounces             pauses at 10 + 5 % of the mails, on trial at 5 + 5 %; warns at 10 + 3 %
    complaints          pauses at 5 + 0.1 % of the mails, on trial at 3 + 0.1 %; warns at 5 + 0.05 %
    window              7 days
    blind spots         none; looked at 2026-11-20 09:15:00
    ");
}

#[test]
fn what_the_guard_does_not_see_comes_with_what_to_do() {
    let guard = Guard::with_four_sets();
    guard.looks("2026-11-20T09:05:00Z", [(BlindSpot::Suspect, "60 of the 360 sends may be counted twice (16.7 %).")]);
    let shown = printed(&deployed(&guard), &["status"]);
    let (_, blind) = shown.split_once("7 days\n").unwrap();
    assert_snapshot!(blind, @"
    blind spot          since 2026-11-20 09:05:00: The guard last looked for blind spots on Fri 20 Nov 2026 09:05 UTC, 15 minutes ago: whatever else is said here may be old.
    to do               see why the sweep does not run, or fails: aws logs tail /aws/lambda/ses-reputation-guard-sweep --since 1h; and whether its timer is on: ses-guard doctor
    blind spot          since 2026-11-20 09:05:00: 60 of the 360 sends may be counted twice (16.7 %).
    to do               find out why events were delivered more than once; ingest failed or was throttled: aws logs tail /aws/lambda/ses-reputation-guard-ingest --since 4h --filter-pattern '?WARN ?ERROR'. It heals four hours after the cause
    ");
}

/// What a look at the account left: a round for its bounces, half of its complaints unseen.
fn watch_account(guard: &Guard) {
    let any = set("any");
    let key = SetKey::account(any.account, any.region);
    let ours = Counts { sends: 241_240, events: 218 };
    let at = "2026-11-20T09:19:00Z".parse().unwrap();
    let chosen = Chosen { name: set("marketing-weekly").name, counts: ours, generation: 0 };
    let target = Ppm::try_from(20_000).unwrap();
    let round = Round { at, metric: Metric::Bounce, ours, hours: 24, target, sets: vec![chosen], done: true };
    let quota = SendQuota { max_24_hours: 500_000, max_per_second: 100, sent_last_24_hours: 241_240 };
    let standing = AccountStanding { enforcement_status: "HEALTHY".into(), sending_enabled: true, quota: Some(quota) };
    let watch = AccountWatch {
        at: Some(at),
        bounce: RateWatch { ours, hours: 24, ses_ppm: Some(900), ..RateWatch::default() },
        complaint: RateWatch {
            ours: Counts { events: 60, ..ours },
            hours: 72,
            ses_ppm: Some(510),
            ..RateWatch::default()
        },
        standing: Some(standing),
        unread: Some("GetAccount of the account failed: AccessDeniedException".into()),
        rounds: vec![round],
        ..AccountWatch::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let before = runtime.block_on(guard.register.read(&key)).unwrap();
    let after = State { account: Some(Box::new(watch)), ..before.clone() };
    let change = Change::silent(&key, &before, after);
    assert_eq!(runtime.block_on(guard.register.commit(&change)).unwrap(), Committed::Done);
}

#[test]
fn the_account_as_the_guard_last_saw_it() {
    let guard = Guard::with_four_sets();
    watch_account(&guard);
    let shown = printed(&deployed(&guard), &["status"]);
    let account = shown.lines().skip_while(|line| !line.starts_with("account")).collect::<Vec<_>>().join("\n");
    assert_snapshot!(account);
}

#[test]
fn a_paused_set() {
    let lambda = deployed(&Guard::with_four_sets());
    assert_snapshot!(printed(&lambda, &["status", "marketing-weekly"]), @r"
    configuration set  marketing-weekly (account 111122223333, eu-west-1)
    phase              PAUSED, by the guard
    why                Sending was paused: 98 of the 1,237 mails sent between Fri 09:00 and 09:14 UTC hard-bounced (7.9 %); the limit for that many mails is 72 (10 + 5 %).
    SES                refuses its mail
    hold               –
    fresh              –
    policy             profile default

    in the window  counted     rate  pauses at      worst stretch
    mails sent       1,237
    hard bounces        98    7.9 %  72 = 10 + 5 %  98 of 1,237
    complaints           1  0.081 %  7 = 5 + 0.1 %  –
    prevented            3
    ");
}

#[test]
fn a_set_without_mail_has_no_rates() {
    let lambda = deployed(&Guard::with_four_sets());
    assert_snapshot!(printed(&lambda, &["status", "brand-new"]), @r"
    configuration set  brand-new (account 111122223333, eu-west-1)
    phase              ACTIVE
    why                No mail was sent in the window.
    SES                accepts its mail
    hold               –
    fresh              –
    policy             profile default

    in the window  counted  rate  pauses at      worst stretch
    mails sent           0
    hard bounces         0     –  10 = 10 + 5 %  –
    complaints           0     –  5 = 5 + 0.1 %  –
    prevented            0
    ");
}

/// One more set, of the same name as one here, in another account.
fn of_two_homes() -> Guard {
    let mut guard = Guard::with_four_sets();
    guard.homes = Homes::listed(guard.homes.own().clone(), "444455556666/us-east-1").unwrap();
    let there: SetKey = "444455556666/us-east-1/transactional".parse().unwrap();
    guard.ses.create(&there);
    let totals = Some(Totals { sends: 900, bounces: 9, complaints: 0, prevented: 0 });
    guard.commit(&Change::silent(&there, &State::default(), State { totals, ..State::default() }));
    guard
}

#[test]
fn a_guard_of_several_homes_says_which() {
    let lambda = deployed(&of_two_homes());
    let overview = printed(&lambda, &["status"]);
    assert!(overview.contains("homes               111122223333/eu-west-1, 444455556666/us-east-1\n"), "{overview}");
    let list = printed(&lambda, &["list", "--phase", "active"]);
    assert_snapshot!(list, @r"
    configuration set  home                    phase      sent  bounced  complained  why
    transactional      444455556666/us-east-1  ACTIVE      900    1.0 %     0.000 %  –
    transactional      111122223333/eu-west-1  ACTIVE  240,000    0.1 %     0.001 %  –
    brand-new          111122223333/eu-west-1  ACTIVE        0        –           –  –
    ");
    assert!(
        !printed(&lambda, &["list", "--home", "444455556666/us-east-1"]).contains("home"),
        "one home needs no column"
    );
    let card = printed(&lambda, &["status", "transactional", "--home", "444455556666/us-east-1"]);
    assert!(card.starts_with("configuration set  transactional (account 444455556666, us-east-1)\n"), "{card}");
    let elsewhere = ["--home", "444455556666/us-east-1"];
    let paused = printed(&lambda, &[&order("pause", "transactional")[..], &elsewhere].concat());
    assert!(paused.ends_with("Look again: ses-guard status transactional --home 444455556666/us-east-1\n"), "{paused}");
    let which = told(&run(&lambda, &["status", "transactional"]), 1);
    assert_snapshot!(which, @"there is a transactional in 444455556666/us-east-1, too; say which is meant, by account and region (--home)");
    let stranger = told(&run(&lambda, &["list", "--home", "999988887777/eu-west-1"]), 1);
    assert_snapshot!(stranger, @"nothing of this account and Region is guarded here; status lists the homes");
}

#[test]
fn many_sets() {
    let lambda = deployed(&Guard::with_four_sets());
    assert_snapshot!(printed(&lambda, &["list"]), @r"
    configuration set  phase      sent  bounced  complained  why
    marketing-weekly   PAUSED    1,237    7.9 %     0.081 %  Sending was paused: 98 of the 1,237 mails sent between Fri 09:00 and 09:14 UTC hard-bounced (7.9 %); the limit for that many mails is 72 (10 + 5 %).
    transactional      ACTIVE  240,000    0.1 %     0.001 %  –
    brand-new          ACTIVE        0        –           –  –
    ");
    assert_snapshot!(printed(&lambda, &["list", "--phase", "gone"]), @"No such configuration set is known.");
}

#[test]
fn the_history_is_told_newest_first() {
    let guard = Guard::with_four_sets();
    let lambda = deployed(&guard);
    printed(&lambda, &order("resume", "marketing-weekly"));
    assert_snapshot!(printed(&lambda, &["history", "marketing-weekly"]), @r"
    time (UTC)           act       actor                 why
    2026-11-20 09:20:02  resuming  ops@example.com       ops@example.com resumed it: list cleaned, ticket 4711. Mail sent before 2026-11-20T09:15:00Z no longer counts.
    2026-11-20 09:14:04  paused    ses-reputation-guard  Sending was paused: 98 of the 1,237 mails sent between Fri 09:00 and 09:14 UTC hard-bounced (7.9 %); the limit for that many mails is 72 (10 + 5 %).
    2026-11-20 09:14:02  pausing   ses-reputation-guard  Sending was paused: 98 of the 1,237 mails sent between Fri 09:00 and 09:14 UTC hard-bounced (7.9 %); the limit for that many mails is 72 (10 + 5 %).
    ");
    assert_eq!(printed(&lambda, &["history", "marketing-weekly", "--limit", "1"]).lines().count(), 2);
    assert_snapshot!(printed(&lambda, &["history", "brand-new"]), @"Nothing was ever decided about brand-new.");
}

#[test]
fn a_pause_says_what_happens_next() {
    let lambda = deployed(&Guard::with_four_sets());
    let reason = ["pause", "transactional", "--reason", "bought list", "--actor", OPS];
    assert_snapshot!(printed(&lambda, &reason), @r"
    configuration set  transactional (account 111122223333, eu-west-1)
    phase              PAUSING, by an operator (was ACTIVE)
    why                ops@example.com paused it: bought list
    SES                accepts its mail; a pause is on its way
    hold               –
    fresh              –
    policy             profile default

    in the window  counted     rate  pauses at          worst stretch
    mails sent     240,000
    hard bounces       120    0.1 %  12,010 = 10 + 5 %  –
    complaints           2  0.001 %  245 = 5 + 0.1 %    –
    prevented            0

    SES is asked next. Look again: ses-guard status transactional
    ");
}

#[test]
fn a_resumed_set_starts_afresh() {
    let lambda = deployed(&Guard::with_four_sets());
    assert_snapshot!(printed(&lambda, &order("resume", "marketing-weekly")), @r"
    configuration set  marketing-weekly (account 111122223333, eu-west-1)
    phase              RESUMING, by an operator (was PAUSED)
    why                ops@example.com resumed it: list cleaned, ticket 4711. Mail sent before 2026-11-20T09:15:00Z no longer counts.
    SES                refuses its mail; a resume is on its way
    hold               –
    fresh              only mail sent from 2026-11-20 09:15:00 UTC on counts
    policy             profile default

    in the window  counted  rate  pauses at                worst stretch
    mails sent           0
    hard bounces         0     –  5 = 5 + 5 %, on trial    –
    complaints           0     –  3 = 3 + 0.1 %, on trial  –
    prevented            0

    SES is asked next. Look again: ses-guard status marketing-weekly
    ");
}

#[test]
fn a_hold_is_shown_until_it_is_released() {
    let lambda = deployed(&Guard::with_four_sets());
    let held = "hold               by ops@example.com since 2026-11-20 09:20:02 UTC: list cleaned, ticket 4711\n";
    assert!(printed(&lambda, &order("hold", "transactional")).contains(held));
    assert!(printed(&lambda, &["status", "transactional"]).contains(held));
    assert!(printed(&lambda, &["list"]).contains("ACTIVE, held"));
    assert!(printed(&lambda, &order("release", "transactional")).contains("hold               –\n"));
}

#[test]
fn force_resumes_what_someone_else_disabled() {
    let lambda = deployed(&Guard::with_four_sets());
    let resume = order("resume", "disabled-by-hand");
    assert!(told(&run(&lambda, &resume), 1).contains("disabled in SES by someone else"));
    assert!(printed(&lambda, &[&resume[..], &["--force"]].concat()).contains("RESUMING, by an operator (was ACTIVE)"));
}

#[test]
fn json_is_the_answer_as_it_is() {
    let lambda = answering(r#"{"ok":true,"action":"list","configurationSets":[],"addedLater":1}"#);
    let json: Value = serde_json::from_str(&printed(&lambda, &["list", "--json"])).unwrap();
    assert_eq!(json, json!({ "ok": true, "action": "list", "configurationSets": [], "addedLater": 1 }));

    let guard = Guard::with_four_sets();
    let lambda = deployed(&guard);
    let answer = guard.answer(&json!({ "action": "status", "configurationSet": "marketing-weekly" }));
    assert_eq!(printed(&lambda, &["status", "marketing-weekly", "--json"]), format!("{answer}\n"));
}

#[test]
fn a_refusal_says_what_to_do() {
    let guard = Guard::with_four_sets();
    let lambda = deployed(&guard);
    let refused = |action: &str, set: &str| {
        let output = run(&lambda, &order(action, set));
        assert_eq!(text(&output.stdout), "", "{action} {set}");
        told(&output, 1)
    };
    assert_snapshot!(refused("pause", "marketing-weekly"), @"the configuration set is already PAUSED. Sending was paused: 98 of the 1,237 mails sent between Fri 09:00 and 09:14 UTC hard-bounced (7.9 %); the limit for that many mails is 72 (10 + 5 %). To let it send again: ses-guard resume marketing-weekly --reason … --actor …");
    assert_snapshot!(refused("resume", "transactional"), @"the configuration set is not paused: SES accepts its mail. See: ses-guard status transactional");
    assert_snapshot!(refused("resume", "disabled-by-hand"), @r#"the configuration set was disabled in SES by someone else; find out why, then repeat with "force": true. That is: ses-guard resume disabled-by-hand --reason … --actor … --force"#);
    assert_snapshot!(refused("release", "transactional"), @"the configuration set is not held. See: ses-guard status transactional");
    assert_snapshot!(refused("hold", "nobody"), @"SES knows no configuration set of this name in this account and Region. See: ses-guard list; another home: --home; another guard: --stack, --region");
    printed(&lambda, &order("resume", "marketing-weekly"));
    assert_snapshot!(refused("resume", "marketing-weekly"), @"the configuration set is being resumed already. See: ses-guard status marketing-weekly");
    printed(&lambda, &order("hold", "transactional"));
    assert_snapshot!(refused("hold", "transactional"), @"held since 2026-11-20T09:20:02Z by ops@example.com: list cleaned, ticket 4711. To take that back: ses-guard release transactional --reason … --actor …");
    assert!(!guard.ses.accepts(&set("disabled-by-hand")));
}

#[test]
fn refusals_that_only_another_guard_makes_are_passed_on() {
    for (answer, line) in [
        (json!({ "ok": false, "error": { "code": "fullMoon", "message": "Not tonight." } }), "Not tonight"),
        (
            json!({ "ok": false, "error": { "code": "unavailable", "message": "Query of tallies failed;\ntry again" } }),
            "Query of tallies failed; try again",
        ),
        (
            json!({ "ok": false, "error": { "code": "unknownAction", "message": "action must be one of status" } }),
            "action must be one of status. Is the deployed guard older than this program?",
        ),
        (json!({ "ok": false }), "refused without a reason"),
    ] {
        assert_eq!(told(&run(&answering(answer), &["list"]), 1), line);
    }
}

#[test]
fn a_refusal_is_json_too() {
    let lambda = deployed(&Guard::empty());
    let output = run(&lambda, &["status", "nobody", "--json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&answer["ok"], &answer["error"]["code"]), (&json!(false), &json!("unknownConfigurationSet")));
    told(&output, 1);
}

#[test]
fn an_answer_of_another_version_is_shown_as_it_is() {
    let output = run(&answering(json!({ "ok": true, "configurationSets": 3 })), &["list"]);
    assert_eq!(text(&output.stdout), "{\"configurationSets\":3,\"ok\":true}\n");
    assert!(told(&output, 0).starts_with("the deployed guard is of another version ("));
}

#[test]
fn each_failure_is_one_line_with_its_cause() {
    const DENIED: &str = r#"{"Message": "User: ann is not authorized to perform: lambda:InvokeFunction"}"#;
    let mut lines = Vec::new();
    for (status, header, body) in [
        (404, "x-amzn-errortype: ResourceNotFoundException\r\n", r#"{"Message": "Function not found: arn"}"#),
        (403, "x-amzn-errortype: AccessDeniedException\r\n", DENIED),
        (403, "x-amzn-errortype: ExpiredTokenException\r\n", r#"{"message": "The token is expired"}"#),
        (429, "x-amzn-errortype: TooManyRequestsException\r\n", r#"{"message": "Rate Exceeded."}"#),
        (500, "", ""),
        (
            200,
            "x-amz-function-error: Unhandled\r\n",
            r#"{"errorType": "Exit", "errorMessage": "GUARD_MODE\nis wrong"}"#,
        ),
        (200, "x-amz-function-error: Unhandled\r\n", "out of memory"),
        (200, "", "hello"),
        (200, "", r#"{"hello": "world"}"#),
    ] {
        let lambda = Lambda::start(move |_| Reply { status, header, body: body.to_owned() });
        lines.push(told(&run(&lambda, &["list"]), 1));
    }
    assert_snapshot!(lines.join("\n"), @r"
    no function ses-reputation-guard-operate in eu-west-1 of this account: name another with --stack or --function, or another Region with --region
    not allowed to invoke ses-reputation-guard-operate in eu-west-1: AccessDeniedException: User: ann is not authorized to perform: lambda:InvokeFunction
    cannot reach ses-reputation-guard-operate in eu-west-1: ExpiredTokenException: The token is expired
    cannot reach ses-reputation-guard-operate in eu-west-1: TooManyRequestsException: Rate Exceeded.
    cannot reach ses-reputation-guard-operate in eu-west-1: AWS failed without a word
    ses-reputation-guard-operate failed: GUARD_MODE is wrong; its log says more
    ses-reputation-guard-operate failed: out of memory; its log says more
    ses-reputation-guard-operate did not answer in JSON (expected value at line 1 column 1); is it the guard's operate function? name another with --stack or --function
    ses-reputation-guard-operate answered, but not as the guard's operate function does; name another with --stack or --function
    ");
}

#[test]
fn a_guard_out_of_reach_is_one_line_too() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let line = told(&ses_guard(&closed).arg("list").output().unwrap(), 1);
    let reached = "cannot reach ses-reputation-guard-operate in eu-west-1: io error: ";
    assert!(line.starts_with(reached) && line.contains("refused"), "{line}");

    let output = ses_guard(&closed).arg("list").env_remove("AWS_ACCESS_KEY_ID").output().unwrap();
    assert_snapshot!(told(&output, 1), @"no AWS credentials: log in (aws sso login), or set AWS_PROFILE or AWS_ACCESS_KEY_ID");
}

#[test]
fn a_wrong_command_asks_nobody() {
    let lambda = deployed(&Guard::with_four_sets());
    for arguments in [
        &["pause", "transactional", "--actor", OPS][..],
        &["pause", "transactional", "--reason", "bought list"],
        &["pause", "transactional", "--reason", " ", "--actor", OPS],
        &["pause", "transactional", "--reason", "two\nlines", "--actor", OPS],
        &["pause", "--reason", "bought list", "--actor", OPS],
        &["pause", "transactional", "--reason", "bought list", "--actor", OPS, "--force"],
        &["status", "no such name"],
        &["status", "a", "b"],
        &["history"],
        &["history", "transactional", "--limit", "0"],
        &["history", "transactional", "--limit", "101"],
        &["list", "--phase", "asleep"],
        &["list", "--region", "Ireland"],
        &["list", "--home", "444455556666"],
        &["list", "--stack", "a", "--function", "b"],
        &["explode"],
    ] {
        let output = run(&lambda, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
    }
    let output = ses_guard(&lambda.url()).arg("list").env_remove("AWS_REGION").output().unwrap();
    assert_eq!(told(&output, 2), "no Region is set: give --region, or set AWS_REGION");
    assert!(lambda.invocations().is_empty());
}

#[test]
fn colour_is_for_terminals_that_want_it() {
    let lambda = deployed(&Guard::with_four_sets());
    for (variables, coloured) in [
        (&[][..], false),
        (&[("TERM", "xterm-256color")], false),
        (&[("CLICOLOR_FORCE", "1")], true),
        (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
    ] {
        for command in ["status", "list"] {
            let output = ses_guard(&lambda.url()).arg(command).envs(variables.iter().copied()).output().unwrap();
            assert_eq!(text(&output.stdout).contains('\u{1b}'), coloured, "{variables:?}");
        }
    }
}

#[test]
fn a_reader_who_leaves_early_is_no_panic() {
    let lambda = deployed(&Guard::with_four_sets());
    for (arguments, code) in [(&["list"][..], 0), (&["list", "--json"], 0), (&["status", "nobody", "--json"], 1)] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("ses-guard"));
        command.args(arguments).env_clear().env("AWS_ENDPOINT_URL", lambda.url()).env("AWS_REGION", "eu-west-1");
        command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
        let output = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", text(&output.stderr));
        assert!(!text(&output.stderr).contains("panicked"), "{arguments:?}");
    }
}

#[test]
fn each_command_has_examples_and_says_where_it_asks() {
    for command in ["status", "list", "history", "evidence", "pause", "resume", "hold", "release"] {
        let output = ses_guard("").args([command, "--help"]).output().unwrap();
        let help = text(&output.stdout);
        let example = format!("\nExamples:\n  ses-guard {command}");
        for part in [example.as_str(), "--stack <NAME>", "GUARD_OPERATE_FUNCTION", "--region <CODE>", "--json"] {
            assert!(help.contains(part), "{command}: no {part:?} in\n{help}");
        }
    }
}
