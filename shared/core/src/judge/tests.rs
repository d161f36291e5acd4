//! Each boundary as one below, exactly, one above.

use super::*;
use crate::policy::{Line, Ppm};

const NOW: i64 = 490_000;

fn bucket(number: i64) -> Bucket {
    Bucket::starting_at(number * BUCKET_SECONDS).unwrap()
}

fn count(number: i64, sends: u64, bounces: u64, complaints: u64) -> BucketCount {
    BucketCount { bucket: bucket(number), sends, bounces, complaints }
}

fn judged(counts: &[BucketCount], fresh: Option<i64>) -> Judgement {
    judge(&Policy::default(), counts, bucket(NOW), fresh.map(bucket))
}

#[test]
fn a_set_is_paused_at_the_line_and_not_below() {
    use Verdict::{Ok, Pause, Warn};
    let trial = Some(NOW - 1);
    for (what, sends, bounces, complaints, fresh, verdict, because) in [
        ("one below the bounce warn line", 100, 12, 0, None, Ok, None),
        ("at the bounce warn line", 100, 13, 0, None, Warn, Some(Metric::Bounce)),
        ("one above the bounce warn line", 100, 14, 0, None, Warn, Some(Metric::Bounce)),
        ("at the bounce pause line", 100, 15, 0, None, Pause, Some(Metric::Bounce)),
        ("one mail more than the line allows for", 101, 15, 0, None, Warn, Some(Metric::Bounce)),
        ("one above the bounce pause line", 100, 16, 0, None, Pause, Some(Metric::Bounce)),
        ("one below the complaint warn line", 10_000, 0, 9, None, Ok, None),
        ("at the complaint warn line", 10_000, 0, 10, None, Warn, Some(Metric::Complaint)),
        ("one below the complaint pause line", 10_000, 0, 14, None, Warn, Some(Metric::Complaint)),
        ("at the complaint pause line", 10_000, 0, 15, None, Pause, Some(Metric::Complaint)),
        ("one above the complaint pause line", 10_000, 0, 16, None, Pause, Some(Metric::Complaint)),
        ("10 of 10 are not enough", 10, 10, 0, None, Ok, None),
        ("11 of 11 are", 11, 11, 0, None, Pause, Some(Metric::Bounce)),
        ("on trial, one below the line", 100, 9, 0, trial, Ok, None),
        ("on trial, at the line", 100, 10, 0, trial, Pause, Some(Metric::Bounce)),
        ("on trial, one above the line", 100, 11, 0, trial, Pause, Some(Metric::Bounce)),
        ("on trial, one complaint below the line", 1_000, 0, 3, trial, Ok, None),
        ("on trial, at the complaint line", 1_000, 0, 4, trial, Pause, Some(Metric::Complaint)),
    ] {
        let found = judged(&[count(NOW, sends, bounces, complaints)], fresh);
        assert_eq!((found.verdict, found.because), (verdict, because), "{what}");
    }
}

#[test]
fn more_failures_than_mails_prove_nothing() {
    use Verdict::{DataFault, Ok, Pause};
    for (what, sends, bounces, verdict) in [
        ("no mail, one below the slack", 0, 9, Ok),
        ("no mail, at the slack", 0, 10, DataFault),
        ("one mail fewer than failures", 19, 20, DataFault),
        ("as many mails as failures", 20, 20, Pause),
        ("one mail more than failures", 21, 20, Pause),
    ] {
        assert_eq!(judged(&[count(NOW, sends, bounces, 0)], None).verdict, verdict, "{what}");
    }
}

#[test]
fn a_fault_below_the_pause_line_is_a_fault_of_the_warn_line() {
    let mut policy = Policy::default();
    policy.bounce.pause.slack = 20;
    let found = judge(&policy, &[count(NOW, 5, 12, 0)], bucket(NOW), None);
    assert_eq!((found.verdict, found.bounce.line), (Verdict::DataFault, policy.bounce.warn));
}

#[test]
fn the_window_and_the_fence_have_sharp_edges() {
    let week = 672;
    for (what, at, fresh, looked_at) in [
        ("one before the window", NOW - week, None, false),
        ("the window's first bucket", NOW - week + 1, None, true),
        ("now", NOW, None, true),
        ("one in the future counts as now", NOW + 1, None, true),
        ("one before the fence", NOW - 5, Some(NOW - 4), false),
        ("the fence's first bucket", NOW - 4, Some(NOW - 4), true),
        ("a fence before the window opens nothing", NOW - week, Some(NOW - week - 1), false),
        ("a fence in the future shuts everything", NOW, Some(NOW + 1), false),
        ("even what claims to lie behind it", NOW + 2, Some(NOW + 1), false),
    ] {
        let found = judged(&[count(at, 100, 30, 0)], fresh);
        assert_eq!(found.verdict, if looked_at { Verdict::Pause } else { Verdict::Ok }, "{what}");
    }
}

#[test]
fn a_trial_ends_with_enough_mail_or_enough_time() {
    for (what, fresh, sends, trial) in [
        ("never resumed", None, 0, false),
        ("resumed in this bucket", Some(NOW), 0, true),
        ("one mail short of the end", Some(NOW), 9_999, true),
        ("the last mail", Some(NOW), 10_000, false),
        ("one more", Some(NOW), 10_001, false),
        ("one bucket short of the end", Some(NOW - 671), 0, true),
        ("the last bucket", Some(NOW - 672), 0, false),
        ("one more bucket", Some(NOW - 673), 0, false),
    ] {
        let before_the_resume = count(NOW - 700, 1_000_000, 0, 0);
        assert_eq!(judged(&[before_the_resume, count(NOW, sends, 0, 0)], fresh).trial, trial, "{what}");
    }
    assert!(
        judged(&[count(NOW + 2, 10_000, 0, 0)], Some(NOW + 1)).trial,
        "mail behind a fence in the future is no mail yet"
    );
}

#[test]
fn with_scaled_slack_the_line_grows_with_the_root_of_the_volume() {
    let scaling = Policy { scale_slack: true, ..Policy::default() };
    let spread: Vec<BucketCount> = (0..4).map(|back| count(NOW - back, 20_000, 20, 0)).collect();
    for (what, policy, counts, fresh, bounce, complaint) in [
        ("not asked for", Policy::default(), &spread[..], None, 10, 5),
        ("small", scaling, &spread[..0], None, 10, 5),
        ("√(5 % · 80,000) and √(0.1 % · 80,000)", scaling, &spread[..], None, 63, 8),
        ("over, but on trial", scaling, &[count(NOW, 9_000, 0, 0)][..], Some(NOW), 5, 3),
    ] {
        let found = judge(&policy, counts, bucket(NOW), fresh.map(bucket));
        assert_eq!((found.bounce.line.slack, found.complaint.line.slack), (bounce, complaint), "{what}");
    }
    let warned = judge(&scaling, &[count(NOW, 80_000, 2_449, 0)], bucket(NOW), None);
    assert_eq!(warned.bounce.line, Line { rate_ppm: Ppm::try_from(30_000).unwrap(), slack: 48 }, "√(3 % · 80,000)");
}

#[test]
fn the_limit_is_the_smallest_number_of_failures_at_the_line() {
    for (sends, limit) in [(0, 10), (1, 11), (20, 11), (21, 12), (1_240, 72), (u64::MAX, 18_446_744_073_710)] {
        assert_eq!(Policy::default().bounce.pause.at(sends), limit, "{sends} mails");
        let found = judged(&[count(NOW, sends, 0, 0)], None);
        assert_eq!(found.bounce.limit(), 10, "no stretch has no mails");
    }
    assert_eq!(judged(&[count(NOW, 1_240, 98, 0)], None).bounce.limit(), 72);
}

#[test]
fn a_judgement_is_read_back_from_its_json() {
    let found = judged(&[count(NOW - 1, 1_000, 70, 0), count(NOW, 240, 28, 1)], None);
    let json = serde_json::to_string_pretty(&found).unwrap();
    insta::assert_snapshot!(json, @r#"
    {
      "verdict": "pause",
      "because": "bounce",
      "trial": false,
      "bounce": {
        "metric": "bounce",
        "verdict": "pause",
        "line": {
          "ratePpm": 50000,
          "slack": 10
        },
        "excessMicro": 36000000,
        "stretch": {
          "from": "1983-12-23T03:45:00Z",
          "until": "1983-12-23T04:15:00Z",
          "sends": 1240,
          "events": 98
        },
        "allowedMicro": 72000000
      },
      "complaint": {
        "metric": "complaint",
        "verdict": "ok",
        "line": {
          "ratePpm": 1000,
          "slack": 5
        },
        "excessMicro": 760000,
        "stretch": {
          "from": "1983-12-23T04:00:00Z",
          "until": "1983-12-23T04:15:00Z",
          "sends": 240,
          "events": 1
        },
        "allowedMicro": 5240000
      }
    }
    "#);
    assert_eq!(serde_json::from_str::<Judgement>(&json).unwrap(), found);
}
