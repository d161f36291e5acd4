//! Every kind of notice in every form, in full; and what holds of all of them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::letterhead::tests::letterhead;
use super::{Audience, Letterhead, Notice};
use crate::audit::{Act, AuditRecord};
use crate::name::SetKey;
use crate::sight::BlindSpot;
use crate::state::{State, Why};
use crate::time::plus_seconds;

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A record of the guard's own doing, with nothing in it.
pub(super) fn record(key: &str, act: Act, at: Timestamp) -> AuditRecord {
    filed(key, act, at, Why::guard("So it is."))
}

fn filed(key: &str, act: Act, at: Timestamp, why: Why) -> AuditRecord {
    let set: SetKey = key.parse().unwrap();
    AuditRecord::of(&set, at, act, &State::default(), &State::default(), why)
}

const PROMO: &str = "111122223333/eu-west-1/promo";
const ACCOUNT: &str = "111122223333/eu-west-1/*account*";
const NOON: &str = "2026-11-20T12:07:00Z";

/// What each kind is about, in a sentence such as the guard writes, and the records of it that people must hear of.
fn examples(act: Act) -> Vec<AuditRecord> {
    let filed = |key: &str, why: Why| filed(key, act, at(NOON), why);
    let promo = |sentence: &str| vec![filed(PROMO, Why::guard(sentence))];
    let account = |sentence: &str| vec![filed(ACCOUNT, Why::guard(sentence))];
    let over = "98 of the 1,000 mails sent between Fri 11:45 and 11:59 UTC hard-bounced (9.8 %); the limit for that many \
                mails is 60 (10 + 5 %).";
    let operator = |done: &str, reason: &str| {
        let sentence = format!("ops@example.com {done} it: {reason}.");
        Why::operator(sentence, "ops@example.com", reason)
    };
    let through = |record: AuditRecord| AuditRecord { through: "acme/tn-1a2b".parse().ok(), ..record };
    match act {
        Act::Warned => promo(
            "Warning: 45 of the 1,000 mails sent between Fri 11:45 and 11:59 UTC hard-bounced (4.5 %); the limit for that \
             many mails is 40 (10 + 3 %).",
        ),
        Act::WouldPause => promo(&format!("Would have paused (the guard observes only): {over}")),
        Act::Paused => vec![
            filed(PROMO, Why::guard(format!("Sending was paused: {over}"))),
            filed(PROMO, operator("paused", "list bought from a broker, ticket 4712")),
            through(filed(PROMO, Why::guard(format!("Sending was paused: {over} Through its tenant acme.")))),
            filed(ACCOUNT, operator("paused", "lists stolen, ticket 4711")),
        ],
        Act::Resumed => vec![
            filed(PROMO, operator("resumed", "list cleaned, ticket 4711")),
            through(filed(PROMO, operator("resumed", "list cleaned, ticket 4711"))),
            filed(ACCOUNT, operator("resumed", "credentials rotated")),
        ],
        Act::CountingDegraded => promo(
            "Not judged (more failures than sends were counted - check the event stream): 50 of the 0 mails sent between \
             Fri 12:00 and 12:14 UTC hard-bounced (n/a); the limit for that many mails is 10 (10 + 5 %).",
        ),
        Act::StrangersSend => {
            let sentence = "Mail was sent with this configuration set by others than the policy's senders: shop-app. In the \
                            window that is 40 mails, 3 hard bounces and 0 complaints. It is left out of the set's counts.";
            let totals = json!({"sends": 40, "bounces": 3, "complaints": 0, "prevented": 0});
            let evidence = json!({"strangers": {"shop-app": totals}, "leftOut": true});
            vec![filed(PROMO, Why { evidence: Some(evidence), ..Why::guard(sentence) })]
        }
        Act::Gone => {
            promo("SES knows no configuration set of this name any more; there is nothing to pause or resume.")
        }
        Act::AlarmNotFollowed => promo(
            "CloudWatch alarm [promo] <!channel> went off (Threshold Crossed), and the set was not paused. The guard's own \
             counts do not agree. Mails sent in the window 1,240: hard bounces 12 (1.0 %, limit 72 = 10 + 5 %), complaints \
             1 (0.081 %, limit 7 = 5 + 0.1 %).",
        ),
        Act::AlarmNotUnderstood => account(
            "CloudWatch alarm disk-full went off, but neither it nor an alarm in its rule watches a configuration set's \
             metrics or the account's.",
        ),
        Act::AccountAtRisk => account(
            "CloudWatch alarm account-bounce-rate went off: the account as a whole nears the rate at which AWS reviews it.",
        ),
        Act::Reasserted => promo("Someone let it send again in SES at 12:01; it is paused again."),
        Act::Adopted => promo("Someone let it send again in SES, and the guard lets that stand."),
        Act::FoundOff => promo("Someone disabled it in SES."),
        Act::FoundOn => promo("Who disabled it in SES enabled it again."),
        Act::StillPaused => promo(&format!("Paused for 2 days. Sending was paused: {over}")),
        Act::AccountWarned => account(
            "The account's bounce rate is 2.6 % (260 of the 10,000 mails of the last 24 hours). The warning line is 2.5 %, \
             AWS reviews the account at 5 %; sets are paused for it from 4 % on.",
        ),
        Act::AccountDefended => account(
            "The account's bounce rate is 4.3 % (454 of the 10,600 mails of the last 24 hours); the trigger is 4 %, AWS \
             reviews the account at 5 %. To be paused: promo (205 of 4,000, 5.1 %). The mail that goes on is at 1.5 %; the \
             target is 2 %.",
        ),
        Act::AccountUndefended => account(
            "The account's bounce rate is 4.3 % (454 of the 10,600 mails of the last 24 hours); the trigger is 4 %, AWS \
             reviews the account at 5 %. No set stands out as the cause. The mail that goes on is at 4.3 %; the target is \
             2 %.",
        ),
        Act::AccountDisputed => account(
            "SES has reckoned the account's bounce rate otherwise for a day: 4.4 %, and the guard counts 0.5 % (54 of the \
             10,000 mails of the last 2 days).",
        ),
        Act::AccountStandingChanged => account(
            "AWS's word for the account is PROBATION (AWS reviews it), and the account may send. It was HEALTHY, and may \
             send.",
        ),
        Act::Unheard => {
            let remedy = "ses-guard enrol --plan enrol.jsonl --sets promo, then: ses-guard enrol --apply enrol.jsonl";
            let sentence = "None of its event destinations leads to the guard: its mail is not counted in full, so the \
                            guard can't tell when to pause it.";
            let evidence = json!({"gap": "noDestination", "sentence": sentence, "remedy": remedy});
            vec![filed(PROMO, Why { evidence: Some(evidence), ..Why::guard(sentence) })]
        }
        Act::TrialEnded => promo(
            "The trial is over: of the 10,412 mails sent since Fri 13 Nov 12:00 UTC 23 hard-bounced and 1 brought a complaint.",
        ),
        Act::HeardAgain => promo("Its events reach the guard again."),
        Act::Enrolled => promo("It was given the event destination guard, which leads to the guard."),
        Act::ManyUnheard => account("37 of 400 configuration sets are not heard: 37 were found in the last day."),
        Act::SetsNearLimit => {
            account("There are 9,400 configuration sets; SES takes 10,000 in one account and Region, and no more.")
        }
        Act::WentBlind | Act::SeesAgain => {
            let each = |spot: BlindSpot| {
                let evidence = json!({"blindSpot": spot, "since": NOON});
                let sentence = "60 of the 360 sends of the last four hours may be counted twice (16.7 %).";
                filed(ACCOUNT, Why { evidence: Some(evidence), ..Why::guard(sentence) })
            };
            BlindSpot::ALL.into_iter().map(each).collect()
        }
        Act::TenantInTrouble => account(
            "AWS's finding about the tenant acme (BOUNCE, impact HIGH): The bounce rate exceeded 15.0% based on a \
             representative volume of 197 emails.",
        ),
        Act::TenantRecovered => account("AWS's finding about the tenant acme (BOUNCE) is resolved."),
        Act::PauseIntended | Act::ResumeIntended | Act::Held | Act::Released | Act::FoundAgain => Vec::new(),
    }
}

fn all(letterhead: &Letterhead) -> Vec<Notice> {
    let records = Act::ALL.into_iter().flat_map(examples);
    records.map(|record| Notice::of(&record, letterhead).unwrap()).collect()
}

fn ours() -> Letterhead {
    letterhead("ses-reputation-guard", "")
}

fn together(count: usize, letterhead: &Letterhead) -> Notice {
    let sentence = "Sending was paused: 16 of the 100 mails sent between Fri 11:45 and 11:59 UTC hard-bounced (16.0 %); the \
                    limit for that many mails is 15 (10 + 5 %).";
    let records: Vec<_> = (0..count)
        .map(|number| {
            let key = format!("111122223333/eu-west-1/tenant_{number}");
            filed(&key, Act::Paused, plus_seconds(at(NOON), number as i64), Why::guard(sentence))
        })
        .collect();
    Notice::of_many(&records, letterhead).unwrap()
}

#[test]
fn acts_are_listed_in_their_order() {
    assert!(Act::ALL.is_sorted());
    let last = Act::ALL.last().map(|act| *act as usize);
    assert_eq!(last, Some(Act::ALL.len() - 1), "none is left out");
}

#[test]
fn what_people_need_not_hear_is_no_notice() {
    for act in [Act::PauseIntended, Act::ResumeIntended, Act::Held, Act::Released, Act::FoundAgain] {
        let record = record(PROMO, act, at(NOON));
        assert_eq!(Notice::of(&record, &ours()), None, "{act:?}");
        assert_eq!(Notice::of_many(&[record], &ours()), None, "{act:?}");
    }
}

#[test]
fn each_kind_as_a_mail() {
    let mails = all(&ours()).into_iter().map(|notice| format!("Subject: {}\n\n{}", notice.subject, notice.text));
    insta::assert_snapshot!(mails.collect::<Vec<_>>().join("\n--------\n\n"));
}

#[test]
fn each_kind_in_a_chat() {
    let messages: Vec<Value> = all(&ours()).into_iter().map(|notice| notice.chat).collect();
    insta::assert_snapshot!(serde_json::to_string_pretty(&messages).unwrap());
}

#[test]
fn each_kind_as_an_event() {
    let events = all(&ours()).into_iter().map(|notice| json!([notice.detail_type, notice.detail]));
    insta::assert_snapshot!(serde_json::to_string_pretty(&events.collect::<Vec<_>>()).unwrap());
}

#[test]
fn many_at_once_are_one_mail_and_one_message() {
    let notice = together(53, &ours());
    assert_eq!(notice.audience, Audience::People, "machines get each");
    let chat = serde_json::to_string_pretty(&notice.chat).unwrap();
    insta::assert_snapshot!(format!("Subject: {}\n\n{}\n--------\n\n{chat}", notice.subject, notice.text));
}

#[test]
fn whether_the_mail_of_strangers_counts_is_said() {
    for (left_out, said) in [
        (json!({"leftOut": true}), "left that mail out when it judged the configuration set"),
        (json!({"leftOut": false}), "nothing; that mail counts as any other."),
        (json!({}), "nothing; that mail counts as any other."),
    ] {
        let why = Why { evidence: Some(left_out.clone()), ..Why::guard("Mail was sent by others.") };
        let notice = Notice::of(&filed(PROMO, Act::StrangersSend, at(NOON), why), &ours()).unwrap();
        assert!(notice.text.contains(&format!("What the guard did: {said}")), "{left_out}: {}", notice.text);
    }
}

#[test]
fn of_thousands_each_is_named_or_counted() {
    for (count, named, left) in [(2_049, 1_999, None), (2_050, 2_000, None), (2_051, 2_000, Some(" and 1 more"))] {
        let notice = together(count, &ours());
        let rest = notice.text.lines().find_map(|line| line.strip_prefix("And: ")).unwrap();
        assert_eq!(rest.split(", ").count(), named, "of {count}");
        assert_eq!(rest.find(" and ").map(|at| &rest[at..]), left, "of {count}");
    }
}

/// As SNS wants a subject, and as chats and mails can show the rest: for the longest name, too, and thousands of sets.
#[test]
fn no_notice_is_too_long() {
    let longest = "x".repeat(64);
    let others = "444455556666/ap-southeast-2";
    let head = letterhead(&"s".repeat(100), others);
    let mut notices = vec![together(10_000, &head), together(2, &head)];
    for record in Act::ALL.into_iter().flat_map(examples) {
        let mut set = record.set.clone();
        if !set.is_account() {
            set.name = longest.parse().unwrap();
        }
        let sentence = "It went wrong. ".repeat(1_000);
        notices.push(Notice::of(&AuditRecord { set, sentence, ..record }, &head).unwrap());
    }
    for notice in notices {
        let (subject, chat) = (&notice.subject, &notice.chat["content"]);
        assert!(subject.len() <= 100 && subject.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{subject}");
        assert!(notice.text.len() < 256 * 1_024, "{subject}");
        assert!(chat["title"].as_str().unwrap().chars().count() <= 110, "{subject}");
        assert!(chat["description"].as_str().unwrap().chars().count() <= 2_800, "{subject}");
        assert!(chat["nextSteps"][0].as_str().unwrap().chars().count() <= 2_800, "{subject}");
        assert!(notice.detail.to_string().len() < 256 * 1_024, "{subject}");
    }
}

#[test]
fn commands_say_which_home_is_meant_where_there_are_several() {
    let paused = examples(Act::Paused).remove(0);
    let next = |letterhead: &Letterhead| {
        let text = Notice::of(&paused, letterhead).unwrap().text;
        text.lines().find_map(|line| line.split_once("then: ")).map(|(_, command)| command.to_owned())
    };
    let end = "--reason \"what was mended\" --actor you@example.com";
    for (letterhead, command) in [
        (ours(), format!("ses-guard resume --region eu-west-1 promo {end}")),
        (Letterhead::default(), format!("ses-guard resume promo {end}")),
        (
            letterhead("mail-guard", "444455556666/us-east-1"),
            format!("ses-guard resume --stack mail-guard --region eu-west-1 promo --home 111122223333/eu-west-1 {end}"),
        ),
    ] {
        assert_eq!(next(&letterhead), Some(command));
    }
}
