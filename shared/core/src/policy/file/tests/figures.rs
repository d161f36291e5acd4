//! Figures that would make the guard blind or wild, and where each is told.

use super::*;

#[test]
fn figures_out_of_order_are_told_where_they_were_written() {
    insta::assert_snapshot!(told(r#"
[profile.no-slack]
bounce = { pause_slack = 0, warn_slack = 0, trial_slack = 0 }
[profile.warn-above]
bounce = { pause_rate = "4 %", warn_rate = "4.0001 %", pause_slack = 8, warn_slack = 9, trial_slack = 9 }
[profile.warn-above-inherited]
bounce = { warn_rate = "6 %", warn_slack = 11, trial_slack = 11 }
[profile.pause-below-inherited]
based_on = "strict"
complaint = { pause_rate = "0.01 %", pause_slack = 2 }
[profile.heir]
based_on = "no-slack"
window = "3 days"
[profile.no-rate]
bounce = { pause_rate = "0 %", warn_rate = "0 %" }
[profile.aws]
bounce = { pause_rate = "10 %" }
complaint = { pause_rate = "0.5 %" }
[profile.below-aws]
bounce = { pause_rate = "9.9999 %" }
complaint = { pause_rate = "0.4999 %" }
[profile.at-review]
bounce = { pause_rate = "5 %" }
complaint = { pause_rate = "0.1 %" }
[profile.window]
window = "14 days 15 minutes"
complaint_coverage = "0.1999 %"
[profile.short-window]
window = "71 hours"
complaint_coverage = "0.2 %"
[profile.longest-window]
window = "14 days"
[[assign]]
sets = "1"
profile = "warn-above"
"#), @r#"
    3:26: error: pause_slack: 0 acts on the very first failure; write at least 1
    3:42: error: warn_slack: 0 acts on the very first failure; write at least 1
    3:59: error: trial_slack: 0 acts on the very first failure; write at least 1
    5:44: error: warn_rate "4.0001 %" is above pause_rate "4 %": nobody would be warned before the pause; write at most "4 %"
    5:86: error: warn_slack 9 is above pause_slack 8: nobody would be warned before the pause; write at most 8
    5:103: error: trial_slack 9 is above pause_slack 8: a resumed set would be judged more laxly than before; write at most 8
    6:10: warning: no rule uses the profile "warn-above-inherited"; write [[assign]] sets = ["…"], profile = "warn-above-inherited"
    7:24: error: warn_rate "6 %" is above pause_rate "5 %" of "default": nobody would be warned before the pause; write at most "5 %"
    7:44: error: warn_slack 11 is above pause_slack 10 of "default": nobody would be warned before the pause; write at most 10
    7:62: error: trial_slack 11 is above pause_slack 10 of "default": a resumed set would be judged more laxly than before; write at most 10
    8:10: warning: no rule uses the profile "pause-below-inherited"; write [[assign]] sets = ["…"], profile = "pause-below-inherited"
    10:28: error: pause_rate "0.01 %" is below warn_rate "0.04 %" of "strict": nobody would be warned before the pause; write warn_rate here too, at most "0.01 %"
    10:52: error: pause_slack 2 is below warn_slack 4 of "strict": nobody would be warned before the pause; write warn_slack here too, at most 2
    10:52: error: pause_slack 2 is below trial_slack 3 of "strict": a resumed set would be judged more laxly than before; write trial_slack here too, at most 2
    11:10: warning: no rule uses the profile "heir"; write [[assign]] sets = ["…"], profile = "heir"
    14:10: warning: no rule uses the profile "no-rate"; write [[assign]] sets = ["…"], profile = "no-rate"
    15:25: error: pause_rate: a rate of 0 puts every set over the line that sends for long enough; write more, such as "2 %"
    15:44: error: warn_rate: a rate of 0 puts every set over the line that sends for long enough; write more, such as "2 %"
    16:10: warning: no rule uses the profile "aws"; write [[assign]] sets = ["…"], profile = "aws"
    17:25: error: pause_rate: AWS pauses the whole account at 10 %; write less, at most its review line "5 %"
    18:28: error: pause_rate: AWS pauses the whole account at 0.5 %; write less, at most its review line "0.1 %"
    19:10: warning: no rule uses the profile "below-aws"; write [[assign]] sets = ["…"], profile = "below-aws"
    20:25: warning: pause_rate 9.9999 % is above AWS's review line: sets may keep the whole account above 5 % for good. In the simulation, limits of 8 % and 0.3 % let out 3 times the bad mail and raised the chance that the account passes the review line within 14 days from 1 % to 6 %; write at most "5 %" to avoid it
    21:28: warning: pause_rate 0.4999 % is above AWS's review line: sets may keep the whole account above 0.1 % for good. In the simulation, limits of 8 % and 0.3 % let out 3 times the bad mail and raised the chance that the account passes the review line within 14 days from 3 % to 11 %; write at most "0.1 %" to avoid it
    22:10: warning: no rule uses the profile "at-review"; write [[assign]] sets = ["…"], profile = "at-review"
    25:10: warning: no rule uses the profile "window"; write [[assign]] sets = ["…"], profile = "window"
    26:10: error: window: counts are kept for 15 days, so 14 days 15 minutes can't be looked at; write at most "14 days"
    27:22: error: complaint_coverage: so small a share allows no complaints at all, at any volume; write the share of recipients whose provider reports complaints, such as "60 %"
    28:10: warning: no rule uses the profile "short-window"; write [[assign]] sets = ["…"], profile = "short-window"
    29:10: warning: window: complaints come late, and 2 days 23 hours sees too few of them (71 % within 1 day, 88 % within 3, 95 % within 7); write "3 days" or more
    31:10: warning: no rule uses the profile "longest-window"; write [[assign]] sets = ["…"], profile = "longest-window"
    "#);
}

#[test]
fn a_base_must_be_there() {
    insta::assert_snapshot!(told(r#"
[profile.a]
based_on = "b"
[profile.b]
based_on = "a"
[profile.c]
based_on = "c"
[profile.d]
based_on = "stric"
[profile.e]
based_on = "d"
[[assign]]
sets = "1"
profile = "e"
[[assign]]
sets = "2"
profile = "transactional-mail"
[[assign]]
sets = "3"
profile = "gold"
"#), @r#"
    3:12: error: based_on goes round in a circle; base one of these on "default"
    5:12: error: based_on goes round in a circle; base one of these on "default"
    7:12: error: based_on goes round in a circle; base one of these on "default"
    9:12: error: no profile is called "stric"; did you mean "strict"?
    17:11: error: no profile is called "transactional-mail"; did you mean "transactional"?
    20:11: error: no profile is called "gold"; write one of the built-in "default", "strict", "high-volume", "transactional", or define it: [profile.NAME]
    "#);
}

#[test]
fn the_account_is_kept_below_awss_lines() {
    insta::assert_snapshot!(told(r#"
[account]
bounce = { trigger = "10 %", target = "10 %", warn = "10.1 %" }
complaint = { trigger = "0.1 %" }
"#), @r#"
    3:22: error: trigger: AWS pauses the whole account at 10 %; write less than its review line "5 %"
    3:39: error: target 10 % must be below trigger 10 %: nothing would be gained; write both, half of it is usual
    3:54: error: warn 10.1 % is above trigger 10 %: nobody would be warned before; write at most "10 %"
    4:25: warning: trigger 0.1 %: AWS reviews the account from 0.1 % on, so the guard would come after it; write less, 80 % of it is usual
    "#);
    insta::assert_snapshot!(told("[account.bounce]\ntrigger = '1.9 %'"), @r#"
    2:11: error: target 2 % must be below trigger 1.9 %: nothing would be gained; write both, half of it is usual
    2:11: error: warn 2.5 % is above trigger 1.9 %: nobody would be warned before; write at most "1.9 %"
    "#);
    assert_eq!(told("[account.complaint]\ntrigger = '0.0999 %'"), "");
    assert_eq!(told("[account.bounce]\nwarn = '4 %'\ntrigger = '4 %'"), "", "warned no sooner, and no later either");
    let stops = "[account.stop]\nbounce = '4 %'\ncomplaint = '0.5 %'\nbouncs = 1";
    insta::assert_snapshot!(told(stops), @r#"
    2:10: error: stop: bounce 4 % must be above trigger 4 %, from which on single sets are paused
    3:13: error: stop: AWS itself pauses the account at 0.5 %; write less than that
    4:1: error: unknown key "bouncs"; did you mean bounce?
    "#);
    assert_eq!(told("[account.stop]\nbounce = '4.0001 %'\ncomplaint = '0.4999 %'"), "");
}
