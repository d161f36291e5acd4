//! What a sound file comes to.

use super::*;
use crate::policy::PauseThrough;

#[test]
fn a_profile_lies_over_its_base() {
    let book = book(
        r#"
[profile.shop-news]
based_on = "shop"
complaint.pause_rate = "0.08 %"
[profile.shop]
based_on = "transactional"
bounce = { pause_rate = "4.5 %", pause_slack = 15, warn_rate = "2.5 %", warn_slack = 9, trial_slack = 7 }
window = "5 days"
complaint_coverage = "60 %"
trial_mails = 20_000
trial_time = "3 days 6 hours"
scale_slack = true
trust_alarm = true
pause_through = "tenant"
[[assign]]
sets = "shop-*"
profile = "shop-news"
"#,
    );
    let line = |rate, slack| Line { rate_ppm: ppm(rate), slack };
    let expected = Policy {
        bounce: MetricPolicy { pause: line(45_000, 15), warn: line(25_000, 9), trial_slack: 7 },
        complaint: MetricPolicy { pause: line(800, 8), warn: line(500, 5), trial_slack: 4 },
        window_buckets: 480,
        complaint_coverage_ppm: ppm(600_000),
        trial_sends: 20_000,
        trial_buckets: 312,
        scale_slack: true,
        trust_alarm: true,
        pause_through: PauseThrough::Tenant,
    };
    let found = book.for_set(&set("shop-1"), now());
    assert_eq!((found.policy, found.profile.as_str()), (expected, "shop-news"));
    let in_use: Vec<&str> = book.profiles_in_use().map(|profile| profile.name.as_str()).collect();
    assert_eq!(in_use, ["default", "shop-news"]);
}

#[test]
fn the_first_rule_that_matches_assigns() {
    let book = book(
        "mode = 'observe'\n\
         [[assign]]\nsets = ['vip', 'vip-*']\nmode = 'enforce'\n\
         [[assign]]\nsets = ['v*']\nprofile = 'strict'\n\
         [[exempt]]\nsets = ['vip', 'old']\nreason = 'over'\nexpires = 2026-11-19\n\
         [[exempt]]\nsets = ['vip?', 'vip-1']\nreason = 'import'\nexpires = 2026-11-20\n",
    );
    for (name, profile, mode, rule, exempt) in [
        ("vip", "default", Mode::Enforce, Some(("vip", 3)), None),
        ("vip-1", "default", Mode::Enforce, Some(("vip-*", 3)), Some("import")),
        ("vipx", "strict", Mode::Observe, Some(("v*", 6)), Some("import")),
        ("other", "default", Mode::Observe, None, None),
        ("old", "default", Mode::Observe, None, None),
    ] {
        let SetPolicy { profile: found, mode: found_mode, exempt: found_exempt, rule: found_rule, .. } =
            book.for_set(&set(name), now());
        assert_eq!((found.as_str(), found_mode), (profile, mode), "{name}");
        assert_eq!(found_rule.as_ref().map(|rule| (rule.pattern.as_str(), rule.line)), rule, "{name}");
        assert_eq!(found_exempt.map(|exempt| exempt.reason).as_deref(), exempt, "{name}");
    }
    let midnight = "2026-11-21T00:00:00Z".parse().unwrap();
    assert_eq!(book.for_set(&set("vip-1"), midnight).exempt, None, "an exemption ends with its day");
}

#[test]
fn an_empty_file_is_the_built_in_policy() {
    assert_eq!(book("# nothing yet\n"), PolicyBook::default());
    assert_eq!(PolicyBook::default().for_set(&set("any"), now()).policy, Policy::default());
}

#[test]
fn every_figure_of_the_account_can_be_set() {
    let book = book(
        "[account]\nmin_mails = 1\nmin_share = '3 %'\nmax_sets = 4\nmax_volume = '5 %'\nwait = '1 minute'\nstop = { bounce = '9.5 %', complaint = '0.45 %' }\n\
         bounce = { trigger = '3 %', target = '1 %', warn = '2 %', min_events = 6 }\n\
         complaint = { trigger = '0.07 %', target = '0.03 %', warn = '0.06 %', min_events = 7 }\n",
    );
    let lines = |trigger, target, warn, min_events| crate::policy::AccountLines {
        trigger_ppm: ppm(trigger),
        target_ppm: ppm(target),
        warn_ppm: ppm(warn),
        min_events,
    };
    let expected = AccountPolicy {
        bounce: lines(30_000, 10_000, 20_000, 6),
        complaint: lines(700, 300, 600, 7),
        min_mails: 1,
        min_share_ppm: ppm(30_000),
        max_sets: 4,
        max_volume_ppm: ppm(50_000),
        wait_seconds: 60,
        stop: Some(crate::policy::StopLines { bounce: Some(ppm(95_000)), complaint: Some(ppm(4_500)) }),
    };
    assert_eq!(book.account(), &expected);
}
