//! Mail that is sent with a set's name by who may not: told, and with `strict_sender` left out of the set's counts.

use guard_core::audit::Act;
use guard_core::event::{Signal, SignalKind, SignalKind::*};
use guard_core::policy::Deployed;
use guard_core::port::{Ledger, Register};
use guard_core::state::Phase;
use guard_core::steps::count::{Counter, Receipt};
use guard_core::tally::SENDERS;
use guard_core::time::{Bucket, plus_seconds};
use guard_tests::crash::Fuse;
use guard_tests::guard::Guard;
use guard_tests::mail::{set, signal};
use guard_tests::story::{guard, subjects};
use jiff::Timestamp;
use serde_json::json;

const NAMED: &str = "[[assign]]\nsets = 'promo'\nsenders = ['tenant-a-*', 'shared']";
const STRICT: &str = "[[assign]]\nsets = 'promo'\nsenders = ['tenant-a-*', 'shared']\nstrict_sender = true";

/// One receipt for each of these mails, sent by this identity; none is SES not saying.
async fn mail(guard: &mut Guard, sender: &str, kind: SignalKind, mails: std::ops::Range<u64>, sent_at: Timestamp) {
    let receipts: Vec<Receipt> = mails
        .map(|mail| Receipt {
            message_id: format!("{kind:?}-{mail}"),
            suspect: false,
            signals: vec![Signal { sender: sender.parse().ok(), ..signal("promo", kind, mail, sent_at) }],
        })
        .collect();
    for batch in receipts.chunks(500) {
        let counted = guard.count(batch, &Fuse::endless()).await.expect("the fuse is endless");
        assert!(counted.failed.is_empty());
    }
    guard.settle().await;
}

/// 1,000 mails and 20 bounces of the tenant's own; then a stranger sends 100 mails, of which 60 bounce.
async fn attacked(policy: &str) -> (Guard, Timestamp) {
    let (mut guard, _, now) = guard();
    guard.policy = Deployed::read(policy).expect("the policy is sound");
    let sent_at = plus_seconds(now, -600);
    mail(&mut guard, "tenant-a-smtp", Send, 0..1_000, sent_at).await;
    mail(&mut guard, "tenant-a-smtp", Bounce, 0..20, sent_at).await;
    mail(&mut guard, "tenant-b-smtp", Send, 5_000..5_100, sent_at).await;
    mail(&mut guard, "tenant-b-smtp", Bounce, 5_000..5_060, sent_at).await;
    (guard, now)
}

#[tokio::test]
async fn a_stranger_can_have_a_set_paused_unless_its_senders_are_strict() {
    for (what, policy, phase) in [
        ("nothing is said of senders", "", Phase::Paused),
        ("senders are named", NAMED, Phase::Paused),
        ("senders are strict", STRICT, Phase::Active),
    ] {
        let (guard, _) = attacked(policy).await;
        assert_eq!(guard.state(&set("promo")).await.phase, phase, "{what}");
        let told = subjects(&guard).iter().any(|subject| subject == "SES guard: unexpected sender for promo");
        assert_eq!(told, !policy.is_empty(), "{what}: {:?}", subjects(&guard));
    }
}

#[tokio::test]
async fn people_are_told_who_it_was_and_what_became_of_the_mail() {
    let (guard, _) = attacked(STRICT).await;
    let notice = guard.notices.all().into_iter().find(|one| one.subject.contains("unexpected sender")).unwrap();
    assert_eq!(notice.detail_type, "Configuration Set Warned");
    insta::assert_snapshot!(notice.text.split("\n\nRunbook").next().unwrap(), @r"
    Mail was sent with this configuration set by others than the policy's senders: tenant-b-smtp. In the window that is 100 mails, 60 hard bounces and 0 complaints. It is left out of the set's counts.

    Configuration set: promo (account 111122223333, eu-west-1)
    What the guard did: left that mail out when it judged the configuration set; the account's rate has it.
    What to do: find out who that is, and let its IAM policy allow it its own configuration set only. If it may send with promo, add it to the policy's senders: ses-guard policy show --region eu-west-1
    ");
    let history = guard.register.history(&set("promo"), 10).await.unwrap();
    let record = history.iter().find(|record| record.act == Act::StrangersSend).unwrap();
    insta::assert_json_snapshot!(record.evidence, @r#"
    {
      "leftOut": true,
      "strangers": {
        "tenant-b-smtp": {
          "bounces": 60,
          "complaints": 0,
          "prevented": 0,
          "sends": 100
        }
      }
    }
    "#);
}

#[tokio::test]
async fn of_the_same_set_people_are_told_once_a_day_while_it_goes_on() {
    let (mut guard, now) = attacked(STRICT).await;
    let told = |guard: &Guard| subjects(guard).iter().filter(|one| one.contains("unexpected sender")).count();
    assert_eq!(told(&guard), 1);
    for (hours, mails, times) in [(1, 1, 1), (23, 1, 1), (25, 1, 2), (26, 1, 2), (60, 0, 2), (61, 1, 3)] {
        let later = plus_seconds(now, hours * 3_600);
        guard.clock.set(later);
        let first = 10_000 + u64::try_from(hours).unwrap() * 10;
        mail(&mut guard, "tenant-b-smtp", Send, first..first + mails, later).await;
        mail(&mut guard, "tenant-a-smtp", Bounce, first..first + 1, plus_seconds(now, -600)).await;
        assert_eq!(told(&guard), times, "after {hours} hours");
    }
}

#[tokio::test]
async fn the_sets_own_mail_is_judged_as_ever() {
    let (mut guard, now) = attacked(STRICT).await;
    let sent_at = plus_seconds(now, -600);
    mail(&mut guard, "tenant-a-smtp", Bounce, 20..59, sent_at).await;
    assert_eq!(guard.state(&set("promo")).await.phase, Phase::Warned, "59 of the 1,000 that were its own");
    mail(&mut guard, "tenant-a-smtp", Bounce, 59..60, sent_at).await;
    assert_eq!(guard.state(&set("promo")).await.phase, Phase::Paused, "60 of them: 10 + 5 %");
}

#[tokio::test]
async fn a_stranger_cannot_dilute_a_rate_either() {
    for (policy, phase) in [(NAMED, Phase::Warned), (STRICT, Phase::Paused)] {
        let (mut guard, _, now) = guard();
        guard.policy = Deployed::read(policy).expect("the policy is sound");
        mail(&mut guard, "tenant-b-smtp", Send, 5_000..6_000, now).await;
        mail(&mut guard, "tenant-a-smtp", Send, 0..500, now).await;
        mail(&mut guard, "tenant-a-smtp", Bounce, 0..60, now).await;
        assert_eq!(guard.state(&set("promo")).await.phase, phase, "{policy}");
    }
}

#[tokio::test]
async fn mail_of_which_ses_does_not_say_who_sent_it_counts() {
    let (mut guard, _, now) = guard();
    guard.policy = Deployed::read(STRICT).expect("the policy is sound");
    mail(&mut guard, "", Send, 0..100, now).await;
    mail(&mut guard, "", Bounce, 0..15, now).await;
    assert_eq!(guard.state(&set("promo")).await.phase, Phase::Paused);
}

/// What hides behind many names counts for the set: silence of the guard is nothing that anybody can buy.
#[tokio::test]
async fn more_senders_than_a_bucket_tells_apart_count_for_the_set() {
    let (mut guard, _, now) = guard();
    guard.policy = Deployed::read(STRICT).expect("the policy is sound");
    let counter = Counter::new(guard.ledger.clone(), guard.register.clone(), guard.clock.clone());
    for number in 0..40_u64 {
        let by = |kind, mail| {
            let sender = format!("tenant-b-{number:02}").parse().ok();
            let signals = vec![Signal { sender, ..signal("promo", kind, number * 100 + mail, now) }];
            Receipt { message_id: format!("{kind:?}-{mail}"), suspect: false, signals }
        };
        let batch: Vec<Receipt> =
            (0..10).map(|mail| by(Send, mail)).chain((0..9).map(|mail| by(Bounce, mail))).collect();
        assert!(counter.count(&batch, plus_seconds(now, 27)).await.failed.is_empty());
    }
    guard.settle().await;
    let tally = guard.ledger.window(&set("promo"), Bucket::of(now), Bucket::of(now)).await.unwrap().swap_remove(0);
    assert_eq!((tally.senders.len(), tally.counts.bounces.upper()), (SENDERS, 360));
    assert_eq!(guard.state(&set("promo")).await.phase, Phase::Paused);
}

#[tokio::test]
async fn who_may_send_and_who_did_is_shown_and_a_plan_reckons_with_it() {
    let (mut guard, _) = attacked(STRICT).await;
    let status = guard.operate(json!({"action": "status", "configurationSet": "promo"})).await;
    insta::assert_json_snapshot!(status["senders"], @r#"
    {
      "senders": [
        "tenant-a-*",
        "shared"
      ],
      "strangers": {
        "tenant-b-smtp": {
          "bounces": 60,
          "complaints": 0,
          "prevented": 0,
          "sends": 100
        }
      },
      "strictSender": true
    }
    "#);
    assert_eq!(status["tally"]["bounces"], 20);
    for (policy, would_pause) in [(NAMED, 1), (STRICT, 0)] {
        let plan = guard
            .operate(json!({"action": "setPolicy", "policy": policy, "plan": true, "reason": "x", "actor": "ops"}))
            .await;
        assert_eq!(plan["wouldPause"].as_array().unwrap().len(), would_pause, "{plan}");
    }
}

/// A crash between counting and telling, or a batch that comes again, changes no count and loses no notice.
#[tokio::test]
async fn a_repeated_batch_leaves_a_strangers_share_inside_its_bounds() {
    let (mut guard, _, now) = guard();
    guard.policy = Deployed::read(STRICT).expect("the policy is sound");
    let batch: Vec<Receipt> = (0..30)
        .map(|number| Receipt {
            message_id: number.to_string(),
            suspect: false,
            signals: vec![Signal { sender: "tenant-b".parse().ok(), ..signal("promo", Bounce, number, now) }],
        })
        .collect();
    mail(&mut guard, "tenant-a-smtp", Send, 0..100, now).await;
    mail(&mut guard, "tenant-a-smtp", Bounce, 100..114, now).await;
    guard.count(&batch, &Fuse::endless()).await.unwrap();
    let again: Vec<Receipt> = batch.into_iter().map(|one| Receipt { suspect: true, ..one }).collect();
    guard.count(&again, &Fuse::endless()).await.unwrap();
    guard.settle().await;
    let tally = guard.ledger.window(&set("promo"), Bucket::of(now), Bucket::of(now)).await.unwrap().swap_remove(0);
    let own = tally.without(&["tenant-b".parse().unwrap()].into());
    assert!(own.counts.bounces.lower() <= 14 && 14 <= own.counts.bounces.upper(), "{:?}", own.counts.bounces);
    assert_eq!((own.counts.sends.lower(), own.counts.sends.upper()), (100, 100));
}
