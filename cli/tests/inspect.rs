//! What the guard reads from every file of `events/`, written down by hand from AWS's documentation.
#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::{Value, json};

const TIMER: &str = "ignored: scheduled event: a timer, not an SES event";
const TENANT: &str = "ignored: sending status of a tenant, not of a configuration set";
const ADVISOR: &str = "ignored: recommendation of SES's advisor: a finding, not a count";
const API_CALL: &str = "ignored: API call recorded by CloudTrail, not an SES event";
const IDENTITY: &str = "ignored: identity feedback notification: it names no configuration set, and event publishing \
                        reports the same fact";
const FEEDBACK_TOPIC: &str = "ignored: SES confirmed an identity's feedback topic: a set-up message, not an event";
const VALIDATION: &str = "ignored: SES validated its SNS topic: a set-up message, not an event";
const SUBSCRIPTION: &str = "ignored: SNS message about the subscription itself, not an event";
const FAILURE_RECORD: &str =
    "ignored: Lambda's on-failure destination record: a failed invocation of a function, not an SES event";
const SIMULATOR: &str = "ignored: only mailbox simulator recipients, which count on neither side";
const TRANSIENT: &str = "ignored: Transient bounce: it does not count toward SES's bounce rate";
const UNDETERMINED: &str = "ignored: Undetermined bounce: it is not a hard bounce";
const NO_SET: &str = "ignored: no ses:configuration-set tag: the mail was sent without a configuration set";
const NOT_SPAM: &str = "ignored: complaint feedback type not-spam is a retraction";
const NO_FORM: &str = "rejected: not an SES event: a JSON object of none of the known forms";
const DELIVERY: &str = "ignored: event type Delivery: the recipient was counted when the mail was sent";
const DELAY: &str = "ignored: event type DeliveryDelay: SES is still trying";
const REJECT: &str = "ignored: event type Reject: SES refused the mail and did not send it";
const RENDERING: &str = "ignored: event type Rendering Failure: the template failed and nothing was sent";
const OPEN: &str = "ignored: event type Open: a reader's doing, not in either rate";
const CLICK: &str = "ignored: event type Click: a reader's doing, not in either rate";
const PREFERENCES: &str = "ignored: event type Subscription: a contact's preferences, not in either rate";
const ALARM: &str = "alarm: ses-marketing-weekly-bounce-rate ALARM [marketing-weekly]";
const ALARM_OK: &str = "alarm: ses-marketing-weekly-bounce-rate OK [marketing-weekly]";
const SEND: &str = "marketing-weekly send 1";
const BOUNCE: &str = "marketing-weekly bounce 1";
const COMPLAINT: &str = "marketing-weekly complaint 1";
const PREVENTED: &str = "marketing-weekly prevented 1";
const COMPOSITE: &str =
    "alarm: ses-any ALARM [] arn:aws:cloudwatch:eu-west-1:111122223333:alarm:ses-marketing-weekly-bounce-rate";
const ACCOUNT_ALARM: &str = "alarm: ses-account-complaint ALARM [] of the account";

/// One line per record.
const EXPECTED: &[(&str, &[&str])] = &[
    ("alarm/direct-account-level.json", &[ACCOUNT_ALARM]),
    ("alarm/direct-composite.json", &[COMPOSITE]),
    ("alarm/direct-metric-alarm.json", &[ALARM]),
    (
        "alarm/direct-metric-insufficient-data.json",
        &["alarm: ses-marketing-weekly-bounce-rate INSUFFICIENT_DATA [marketing-weekly]"],
    ),
    ("alarm/direct-metric-no-reason-data.json", &[ALARM]),
    ("alarm/direct-metric-ok.json", &[ALARM_OK]),
    ("alarm/eventbridge-metric-math.json", &[ALARM]),
    ("alarm/eventbridge-metric.json", &[ALARM]),
    ("alarm/message-account-level.json", &[ACCOUNT_ALARM]),
    ("alarm/message-composite-no-children.json", &["alarm: ses-any ALARM []"]),
    ("alarm/message-composite.json", &[COMPOSITE]),
    ("alarm/message-metric-math.json", &[ALARM]),
    ("alarm/message-metric-ok.json", &[ALARM_OK]),
    ("alarm/message-metric.json", &[ALARM]),
    ("eventbridge/advisor-recommendation-open-tenant.json", &[ADVISOR]),
    ("eventbridge/advisor-recommendation-resolved-identity.json", &[ADVISOR]),
    ("eventbridge/cloudtrail-create-configuration-set.json", &[API_CALL]),
    ("eventbridge/cloudtrail-put-configuration-set-sending-options.json", &[API_CALL]),
    ("eventbridge/email-bounced-no-tag.json", &[BOUNCE]),
    ("eventbridge/email-bounced.json", &[BOUNCE]),
    ("eventbridge/email-clicked.json", &[CLICK]),
    ("eventbridge/email-complaint-received.json", &[COMPLAINT]),
    ("eventbridge/email-delivered.json", &[DELIVERY]),
    ("eventbridge/email-delivery-delayed.json", &[DELAY]),
    ("eventbridge/email-opened.json", &[OPEN]),
    ("eventbridge/email-rejected.json", &[REJECT]),
    ("eventbridge/email-rendering-failed.json", &[RENDERING]),
    (
        "eventbridge/email-sent-foreign-source.json",
        &["rejected: field `source` must be aws.ses for this kind of event"],
    ),
    ("eventbridge/email-sent.json", &[SEND]),
    ("eventbridge/email-subscribed.json", &[PREFERENCES]),
    ("eventbridge/scheduled.json", &[TIMER]),
    ("eventbridge/sending-status-disabled-tenant.json", &[TENANT]),
    ("eventbridge/sending-status-enabled-tenant.json", &[TENANT]),
    ("identity/bounce-no-headers.json", &[IDENTITY]),
    ("identity/complaint.json", &[IDENTITY]),
    ("identity/delivery.json", &[IDENTITY]),
    ("identity/subscription-succeeded.json", &[FEEDBACK_TOPIC]),
    ("operate/clear-policy.json", &[NO_FORM]),
    ("operate/evidence.json", &[NO_FORM]),
    ("operate/history.json", &[NO_FORM]),
    ("operate/hold.json", &[NO_FORM]),
    ("operate/list.json", &[NO_FORM]),
    ("operate/pause.json", &[NO_FORM]),
    ("operate/policy.json", &[NO_FORM]),
    ("operate/release.json", &[NO_FORM]),
    ("operate/resume.json", &[NO_FORM]),
    ("operate/set-policy.json", &[NO_FORM]),
    ("operate/status.json", &[NO_FORM]),
    ("ses/bounce-delayed-recipient.json", &[BOUNCE]),
    ("ses/bounce-mixed-simulator.json", &[BOUNCE]),
    ("ses/bounce-multi-recipient.json", &["marketing-weekly bounce 2"]),
    ("ses/bounce-no-config-set-tag.json", &[NO_SET]),
    ("ses/bounce-permanent-emailvalidationsuppressed.json", &[PREVENTED]),
    ("ses/bounce-permanent-general.json", &[BOUNCE]),
    ("ses/bounce-permanent-noemail.json", &[BOUNCE]),
    ("ses/bounce-permanent-onaccountsuppressionlist.json", &[PREVENTED]),
    ("ses/bounce-permanent-ontenantsuppressionlist.json", &[PREVENTED]),
    ("ses/bounce-permanent-suppressed.json", &[BOUNCE]),
    ("ses/bounce-permanent-unknown-subtype.json", &[BOUNCE]),
    ("ses/bounce-permanent-unsubscribedrecipient.json", &[PREVENTED]),
    ("ses/bounce-simulator.json", &[SIMULATOR]),
    ("ses/bounce-transient-attachmentrejected.json", &[TRANSIENT]),
    ("ses/bounce-transient-contentrejected.json", &[TRANSIENT]),
    ("ses/bounce-transient-customtimeoutexceeded.json", &[TRANSIENT]),
    ("ses/bounce-transient-general-ooto.json", &[TRANSIENT]),
    ("ses/bounce-transient-mailboxfull.json", &[TRANSIENT]),
    ("ses/bounce-transient-messagetoolarge.json", &[TRANSIENT]),
    ("ses/bounce-undetermined.json", &[UNDETERMINED]),
    ("ses/click.json", &[CLICK]),
    ("ses/complaint-abuse.json", &[COMPLAINT]),
    ("ses/complaint-no-feedback-report.json", &[COMPLAINT]),
    ("ses/complaint-not-spam.json", &[NOT_SPAM]),
    ("ses/complaint-onaccountsuppressionlist.json", &[PREVENTED]),
    ("ses/complaint-ontenantsuppressionlist.json", &[PREVENTED]),
    ("ses/complaint-simulator.json", &[SIMULATOR]),
    ("ses/complaint-two-candidates.json", &[COMPLAINT]),
    ("ses/custom-tags.json", &[BOUNCE]),
    ("ses/delivery-delay.json", &[DELAY]),
    ("ses/delivery.json", &[DELIVERY]),
    ("ses/open.json", &[OPEN]),
    ("ses/reject.json", &[REJECT]),
    ("ses/rendering-failure.json", &[RENDERING]),
    ("ses/send-mixed-simulator.json", &["marketing-weekly send 2"]),
    ("ses/send-multi-recipient.json", &["marketing-weekly send 3"]),
    (
        "ses/send-of-another-account.json",
        &["rejected: field `mail.sendingAccountId` says that the record is of another account"],
    ),
    ("ses/send-tenant.json", &["transactional send 1"]),
    (
        "ses/send-with-malformed-configuration-set.json",
        &["rejected: field `mail.tags.ses:configuration-set` must be a configuration set's name: \
           1 to 64 of A-Z a-z 0-9 _ -"],
    ),
    ("ses/send.json", &[SEND]),
    ("ses/subscription.json", &[PREFERENCES]),
    ("ses/truncated.txt", &["rejected: body is not JSON: end of input at byte 48"]),
    ("ses/unknown-event-type.json", &["ignored: unknown event type Quarantine"]),
    ("sns/alarm-metric-math.json", &[ALARM]),
    ("sns/alarm-metric-ok.json", &[ALARM_OK]),
    ("sns/alarm-metric.json", &[ALARM]),
    ("sns/body-subscription-confirmation.json", &[SUBSCRIPTION]),
    ("sns/body-topic-validation.txt", &[VALIDATION]),
    ("sns/body-unsubscribe-confirmation.json", &[SUBSCRIPTION]),
    ("sns/identity-bounce.json", &[IDENTITY]),
    ("sns/identity-subscription-succeeded.json", &[FEEDBACK_TOPIC]),
    ("sns/ses-bounce.json", &[BOUNCE]),
    ("sns/ses-complaint.json", &[COMPLAINT]),
    ("sns/ses-validation.json", &[VALIDATION]),
    ("sqs/batch-of-every-wrapping.json", &[VALIDATION, SUBSCRIPTION, BOUNCE, FAILURE_RECORD, ALARM]),
    ("sqs/batch-response.json", &[NO_FORM]),
    ("sqs/batch-with-one-bad-record.json", &[SEND, "rejected: body is not JSON: end of input at byte 100", COMPLAINT]),
    ("sqs/body-failure-destination.json", &[FAILURE_RECORD]),
    ("sqs/raw-ses-events.json", &[SEND, BOUNCE, COMPLAINT]),
    ("sqs/sns-envelope-ses-events.json", &[SEND, "marketing-weekly bounce 2", COMPLAINT]),
];

fn events() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../events")
}

fn inspect() -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("ses-guard"));
    command.args(["inspect", "--now", "2026-11-20T10:00:00Z"]);
    command
}

fn lines(output: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(output).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A line of the output as the table above writes it.
fn short(line: &Value) -> String {
    let text =
        |pointer: &str| line.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer}: {line}"));
    match text("/outcome") {
        "signals" => {
            assert_eq!(line["signals"].as_array().map(Vec::len), Some(1), "{line}");
            assert_eq!(text("/signals/0/sentAt"), "2026-11-20T09:14:02.118Z");
            let (set, kind) = (text("/signals/0/configurationSet"), text("/signals/0/kind"));
            format!("{set} {kind} {}", line["signals"][0]["count"])
        }
        "ignored" => format!("ignored: {}", text("/why")),
        "rejected" => format!("rejected: {}", text("/error")),
        "alarm" => {
            let all = |field: &str| {
                let list = line["alarm"][field].as_array().unwrap();
                list.iter().map(|item| item.as_str().unwrap()).collect::<Vec<_>>().join(" ")
            };
            let of_account = if line["alarm"]["accountLevel"] == true { "of the account" } else { "" };
            let (name, state) = (text("/alarm/name"), text("/alarm/state"));
            format!("alarm: {name} {state} [{}] {}{of_account}", all("configurationSets"), all("children"))
                .trim_end()
                .to_owned()
        }
        other => panic!("no such outcome: {other}"),
    }
}

#[test]
fn every_event_is_read_as_the_table_says() {
    for (file, expected) in EXPECTED {
        let output = inspect().args(["--account", "111122223333"]).arg(events().join(file)).output().unwrap();
        let lines = lines(&output.stdout);
        assert_eq!(lines.iter().map(short).collect::<Vec<_>>(), *expected, "{file}");
        for (number, line) in lines.iter().enumerate() {
            assert_eq!(line["record"], number, "{file}");
        }
        let rejected = expected.iter().any(|line| line.starts_with("rejected: "));
        assert_eq!(output.status.code(), Some(i32::from(rejected)), "{file}");
    }
}

#[test]
fn the_table_and_the_readme_name_every_file() {
    let mut found = BTreeSet::new();
    for folder in ["alarm", "eventbridge", "identity", "operate", "ses", "sns", "sqs"] {
        for entry in fs::read_dir(events().join(folder)).unwrap() {
            found.insert(format!("{folder}/{}", entry.unwrap().file_name().into_string().unwrap()));
        }
    }
    let listed: BTreeSet<_> = EXPECTED.iter().map(|(file, _)| (*file).to_owned()).collect();
    assert_eq!(found, listed);
    let readme = fs::read_to_string(events().join("README.md")).unwrap();
    for file in found {
        let (folder, name) = file.split_once('/').unwrap();
        let section = readme.split("\n## ").find(|section| section.starts_with(&format!("`{folder}/`"))).unwrap();
        assert!(section.contains(&format!("`{name}`")), "README.md does not explain {file}");
    }
}

#[test]
fn a_line_has_the_fields_of_the_contract_in_its_order() {
    let line_of = |file: &str| String::from_utf8(inspect().arg(events().join(file)).output().unwrap().stdout).unwrap();
    assert_eq!(
        line_of("ses/bounce-permanent-general.json"),
        "{\"record\":0,\"outcome\":\"signals\",\"signals\":[{\"configurationSet\":\"marketing-weekly\",\
         \"kind\":\"bounce\",\"count\":1,\"sentAt\":\"2026-11-20T09:14:02.118Z\"}]}\n"
    );
    assert_eq!(
        line_of("ses/complaint-not-spam.json"),
        "{\"record\":0,\"outcome\":\"ignored\",\"why\":\"complaint feedback type not-spam is a retraction\"}\n"
    );
    assert_eq!(
        line_of("alarm/message-composite-no-children.json"),
        "{\"record\":0,\"outcome\":\"alarm\",\"alarm\":{\"name\":\"ses-any\",\"state\":\"ALARM\",\
         \"configurationSets\":[],\"children\":[],\"accountLevel\":false}}\n"
    );
    assert_eq!(
        line_of("ses/truncated.txt"),
        "{\"record\":0,\"outcome\":\"rejected\",\"error\":\"body is not JSON: end of input at byte 48\"}\n"
    );
}

#[test]
fn a_time_is_written_with_three_decimals_in_utc() {
    let send = fs::read_to_string(events().join("ses/send.json")).unwrap();
    for (written, shown) in [
        ("2026-11-20T09:14:02Z", "2026-11-20T09:14:02.000Z"),
        ("2026-11-20T04:14:02.5-05:00", "2026-11-20T09:14:02.500Z"),
        ("2026-11-20T09:14:02.118999Z", "2026-11-20T09:14:02.118Z"),
    ] {
        let input = send.replace("2026-11-20T09:14:02.118Z", written);
        let output = inspect().arg("-").write_stdin(input).output().unwrap();
        assert_eq!(lines(&output.stdout)[0]["signals"][0]["sentAt"], shown);
    }
}

#[test]
fn without_an_account_the_record_s_own_is_taken() {
    let file = events().join("ses/send-of-another-account.json");
    inspect().arg(&file).assert().code(0);
    inspect().args(["--account", "444455556666"]).arg(&file).assert().code(0);
    inspect().args(["--account", "111122223333"]).arg(&file).assert().code(1);
}

#[test]
fn a_record_that_names_no_region_is_read_as_a_function_would() {
    let send = fs::read_to_string(events().join("ses/send.json")).unwrap();
    let input = send.replace("arn:aws:ses:eu-west-1:111122223333:identity/", "");
    let output = inspect().arg("-").write_stdin(input).output().unwrap();
    assert_eq!(lines(&output.stdout).iter().map(short).collect::<Vec<_>>(), [SEND]);
}

#[test]
fn an_unknown_subtype_is_told_beside_the_lines() {
    let output = inspect().arg(events().join("ses/bounce-permanent-unknown-subtype.json")).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(told, "record 0: unknown subtype MailboxRetired, counted to be safe\n");
}

#[test]
fn what_is_not_text_is_one_rejected_record() {
    let output = inspect().arg("-").write_stdin([b'{', 0xff, b'}']).output().unwrap();
    let error = "body is not UTF-8 text: invalid at byte 1";
    assert_eq!(lines(&output.stdout), [json!({"record": 0, "outcome": "rejected", "error": error})]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_wrong_command_is_told_from_a_rejected_record() {
    let file = events().join("ses/send.json");
    inspect().arg("no-such-file").assert().code(2);
    inspect().arg(events()).assert().code(2);
    inspect().args(["--account", "1234"]).arg(&file).assert().code(2);
    inspect().args(["--region", "Ireland"]).arg(&file).assert().code(2);
    inspect().assert().code(2);
    let no_time = ["inspect", "--now", "today", "-"];
    Command::new(assert_cmd::cargo::cargo_bin!("ses-guard")).args(no_time).assert().code(2);
}

#[test]
fn a_reader_who_leaves_early_is_no_panic() {
    let mut shell = Command::new("sh");
    let many = format!("{{\"Records\":[{}]}}", vec![r#"{"body":"{}"}"#; 20_000].join(","));
    let binary = assert_cmd::cargo::cargo_bin!("ses-guard");
    shell.arg("-c").arg(format!("'{}' inspect - | head -n 1", binary.display()));
    let output = shell.write_stdin(many).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(lines(&output.stdout).len(), 1);
}
