use super::*;
use crate::judge::account::{Allowance, Standing, judge_account};
use crate::policy::AccountPolicy;
use crate::time::Bucket;

fn span() -> Span {
    let from = Bucket::of("2026-11-19T12:07:00Z".parse().unwrap());
    Span { from, hours: 24, counts: Counts { sends: 100_000, events: 6_000 } }
}

fn share(name: &str, sends: u64, events: u64, spared: Option<&str>) -> Share {
    let standing = if spared.is_some() { Standing::Spared } else { Standing::Sends };
    let spared = spared.map(str::to_owned);
    Share { name: name.parse().unwrap(), counts: Counts { sends, events }, standing, generation: 0, spared }
}

/// 6 % of the account's mail bounced, most of it of these; one set may be paused.
fn shares() -> [Share; 3] {
    [
        share("promo", 10_000, 2_500, None),
        share("tickets", 5_000, 1_000, Some("held by ops@example.com")),
        share("weekly", 5_000, 900, None),
    ]
}

fn found() -> AccountFinding {
    let parts = shares().map(|one| one.part()).to_vec();
    let allowance = Allowance { sets: 1, sends: u64::MAX };
    judge_account(&AccountPolicy::default(), Metric::Bounce, span().counts, Some(45_000), &parts, allowance)
}

fn counts_of(sends: u64, events: u64) -> serde_json::Value {
    json!({"sends": sends, "events": events})
}

/// What a record of the account holds for machines, whatever is written in it for people.
#[test]
fn what_was_found_is_on_file_in_numbers() {
    let lines = AccountPolicy::default().bounce;
    let of = |name: &str, sends, events| json!([{"configurationSet": name, "counts": counts_of(sends, events)}]);
    let evidence = json!({
        "metric": "bounce", "account": counts_of(100_000, 6_000), "hours": 24, "sesRatePpm": 45_000, "targetPpm": 20_000,
        "chosen": of("promo", 10_000, 2_500), "spared": of("tickets", 5_000, 1_000),
        "beyondCaps": of("weekly", 5_000, 900), "projected": counts_of(90_000, 3_500),
    });
    assert_eq!(triggered(&found(), &lines, span(), &shares()).evidence, Some(evidence.clone()));
    let mut of_stop = evidence;
    for unnamed in ["chosen", "spared", "beyondCaps"] {
        of_stop[unnamed] = json!([]);
    }
    assert_eq!(stopped(&found(), Ppm::NONE, span()).evidence, Some(of_stop), "whom it hits is everybody");

    let round = Round {
        at: "2026-11-20T12:07:00Z".parse().unwrap(),
        metric: Metric::Bounce,
        ours: span().counts,
        hours: 24,
        target: found().target,
        sets: Vec::new(),
        done: false,
    };
    let one = Chosen { name: "promo".parse().unwrap(), counts: shares()[0].counts, generation: 0 };
    let evidence = json!({
        "metric": "bounce", "account": counts_of(100_000, 6_000), "hours": 24, "targetPpm": 20_000,
        "set": counts_of(10_000, 2_500),
    });
    assert_eq!(paused(&round, &one).evidence, Some(evidence));
}

#[test]
fn who_is_paused_who_must_not_be_and_who_waits_for_people_is_named() {
    insta::assert_snapshot!(triggered(&found(), &AccountPolicy::default().bounce, span(), &shares()).sentence, @"The account's bounce rate is 6.0 % (6,000 of the 100,000 mails of the last 24 hours); SES itself reckons 4.5 %; the trigger is 4 %, AWS reviews the account at 5 %. To be paused: promo (2,500 of 10,000, 25.0 %). Would be paused, and must not be: tickets (1,000 of 5,000, 20.0 %): held by ops@example.com. Would be paused, but for the caps on what is paused in 15 minutes: weekly (900 of 5,000, 18.0 %). The mail that goes on is at 3.9 %; the target is 2 %.");
}

#[test]
fn ten_sets_are_named_and_of_more_how_many() {
    for (sets, text) in [(0, ""), (1, "a"), (3, "a, b, c"), (10, "a, b, c, d, e, f, g, h, i, j")] {
        assert_eq!(list(('a'..='z').take(sets).map(String::from)), text);
    }
    for (sets, more) in [(11, " and 1 more"), (25, " and 15 more")] {
        let text = list(('a'..='z').take(sets).map(String::from));
        assert_eq!(text, format!("a, b, c, d, e, f, g, h, i, j{more}"));
    }
}

#[test]
fn what_ses_reckons_is_said_beside_what_the_guard_counts() {
    for (ses, text) in [
        (None, ""),
        (Some(45_000), "; SES itself reckons 4.5 %"),
        (Some(1_000_000), "; SES itself reckons 100 %"),
        (Some(1_000_001), "; SES itself reckons over 100 %"),
        (Some(u64::MAX), "; SES itself reckons over 100 %"),
    ] {
        let said = account(Metric::Bounce, span(), ses);
        assert_eq!(
            said.strip_prefix("The account's bounce rate is 6.0 % (6,000 of the 100,000 mails of the last 24 hours)"),
            Some(text)
        );
    }
}

#[test]
fn a_difference_is_told_with_both_figures_and_what_it_may_mean() {
    let of = |events, ses_ppm| RateWatch {
        ours: Counts { sends: 100_000, events },
        hours: 72,
        ses_ppm: Some(ses_ppm),
        ..RateWatch::default()
    };
    insta::assert_snapshot!(disputed(Metric::Bounce, &of(1_000, 20_000)).sentence, @"SES has reckoned the account's bounce rate otherwise for a day: 2 %, and the guard counts 1.0 % (1,000 of the 100,000 mails of the last 3 days).");
    insta::assert_snapshot!(disputed(Metric::Complaint, &of(25, 1_000)).sentence, @"SES has reckoned the account's complaint rate otherwise for a day: 0.1 %, and the guard counts 0.025 % (25 of the 100,000 mails of the last 3 days). If no events are missing, then only 25 % of the recipients report complaints: that is what complaint_coverage in the policy is for.");
    insta::assert_snapshot!(disputed(Metric::Complaint, &of(100, 500)).sentence, @"SES has reckoned the account's complaint rate otherwise for a day: 0.05 %, and the guard counts 0.100 % (100 of the 100,000 mails of the last 3 days).");
}
