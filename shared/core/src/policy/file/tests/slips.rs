//! What each slip of the pen is answered with.

use super::*;

#[test]
fn a_slip_of_the_pen_is_named_with_its_place_and_its_remedy() {
    insta::assert_snapshot!(told(r#"
mod = "observe"
retries = 3
[profil.a]
[profile.newsletters]
extends = "default"
scale-slack = true
[profile.newsletters.bounce]
pause_rat = "4 %"
probation_slack = 5
[[assign]]
match = ["a"]
profil = "strict"
[[exempt]]
sets = "b"
why = "import"
until = 2026-12-31
[account]
bounce = { triger = "4 %" }
"#), @r#"
    2:1: error: unknown key "mod"; did you mean mode?
    3:1: error: unknown key "retries"; known here: mode, profile, assign, exempt, account
    4:2: error: unknown key "profil"; did you mean profile?
    5:10: warning: no rule uses the profile "newsletters"; write [[assign]] sets = ["…"], profile = "newsletters"
    6:1: error: unknown key "extends"; did you mean based_on?
    7:1: error: unknown key "scale-slack"; did you mean scale_slack?
    9:1: error: unknown key "pause_rat"; did you mean pause_rate?
    10:1: error: unknown key "probation_slack"; did you mean trial_slack?
    12:1: error: unknown key "match"; did you mean sets?
    13:1: error: unknown key "profil"; did you mean profile?
    16:1: error: unknown key "why"; did you mean reason?
    17:1: error: unknown key "until"; did you mean expires?
    19:12: error: unknown key "triger"; did you mean trigger?
    "#);
}

#[test]
fn what_is_misspelt_is_not_called_missing_as_well() {
    insta::assert_snapshot!(each(&[
        "[[exempt]]\nsets = 'a'\nwhy = 'import'\nexpires = 2026-12-31",
        "[[exempt]]\nsets = 'a'\nowner = 'ops'\nexpires = 2026-12-31",
        "[[assign]]\nsets = 'a'\nprofil = 'strict'",
        "[[assign]]\nsets = 'a'\nowner = 'ops'",
    ]), @r#"
    [[exempt]]
    sets = 'a'
    why = 'import'
    expires = 2026-12-31
    3:1: error: unknown key "why"; did you mean reason?

    [[exempt]]
    sets = 'a'
    owner = 'ops'
    expires = 2026-12-31
    1:1: error: reason is missing; write reason = "who knows why, ticket 4711"
    3:1: error: unknown key "owner"; known here: sets, reason, expires

    [[assign]]
    sets = 'a'
    profil = 'strict'
    3:1: error: unknown key "profil"; did you mean profile?

    [[assign]]
    sets = 'a'
    owner = 'ops'
    1:1: error: this rule assigns nothing; write a profile, a mode or senders
    3:1: error: unknown key "owner"; known here: sets, profile, mode, senders, strict_sender
    "#);
}

#[test]
fn no_more_than_100_problems_are_told_one_by_one() {
    let last = |text: &str| {
        let problems = check(text, now()).problems;
        (problems.len(), problems.last().unwrap().to_string())
    };
    let keys = |count| (0..count).map(|number| format!("k{number} = 1\n")).collect::<String>();
    assert_eq!(last(&keys(100)).0, 100);
    assert_eq!(last(&keys(101)), (101, "100:1: error: and 1 more; mend these first".to_owned()));
    assert_eq!(last(&keys(103)), (101, "100:1: error: and 3 more; mend these first".to_owned()));
    let unused = |count| (0..count).map(|number| format!("[profile.p{number}]\n")).collect::<String>();
    assert_eq!(last(&unused(102)), (101, "100:10: warning: and 2 more; mend these first".to_owned()));
    assert!(check(&unused(102), now()).book.is_some(), "it can be used");
}

#[test]
fn a_wrong_value_is_named_with_what_to_write() {
    insta::assert_snapshot!(told(r#"
mode = "on"
[profile.a]
based_on = 7
bounce = { pause_rate = 0.05, pause_slack = "10", warn_rate = "3 percent", warn_slack = -1, trial_slack = 2.5 }
complaint = "strict"
window = 7
complaint_coverage = 1.0
trial_mails = "10,000"
trial_time = "20 minutes"
scale_slack = "yes"
[profile.Big]
[profile.default]
window = "8 days"
[[assign]]
sets = ["tenant-[ab]", 7, ""]
profile = 5
[[assign]]
sets = []
mode = "off"
[[exempt]]
sets = "import"
reason = " "
expires = "next year"
[account]
max_sets = 0
max_volume = "0 %"
wait = "30 seconds"
min_mails = "5 %"
complaint = { min_events = 0 }
"#), @r#"
    2:8: error: mode: write "enforce" (the guard pauses) or "observe" (it only says so)
    3:10: warning: no rule uses the profile "a"; write [[assign]] sets = ["…"], profile = "a"
    4:12: error: based_on: this is a number; write a text, such as "…"
    5:25: error: pause_rate: a share needs its unit; write "0.05 %", or "5 %" if you mean that share of 1
    5:45: error: pause_slack: write the number without quotation marks: 10
    5:63: error: warn_rate: a share needs its unit; write "3 %"
    5:89: error: warn_slack: must not be negative; write 0 or a number above
    5:107: error: trial_slack: this is a number; write a whole number, such as 10
    6:13: error: this is a text; write a table, such as { pause_rate = "5 %", pause_slack = 10 }
    7:10: error: window: a time needs its unit; write "7 days" or "36 hours", not 7
    8:22: error: complaint_coverage: a share needs its unit; write "1.0 %"
    9:15: error: trial_mails: write the number without quotation marks: 10_000
    10:14: error: trial_time: mails are counted in quarters of an hour; write a multiple of 15 minutes
    11:15: error: scale_slack: this is a text; write true or false, such as true
    12:10: error: a profile's name must be 1 to 64 of a-z 0-9 -, not "Big"
    13:10: error: "default" is built in and stays what it is; choose another name, write based_on = "default" in it and assign it: [[assign]] sets = ["*"]
    16:9: error: sets: '[' cannot be in a configuration set's name (A-Z a-z 0-9 _ -); of wildcards there are only * (any characters) and ? (one)
    16:24: error: sets: this is a number; write a text, such as "…"
    16:27: error: sets: an empty name matches no configuration set; write its name, or "*" for all of them
    17:11: error: profile: this is a number; write a text, such as "…"
    19:8: error: sets: the list is empty; write names, or delete the rule
    20:8: error: mode: write "enforce" (the guard pauses) or "observe" (it only says so)
    23:10: error: reason: must not be empty; write who decided it and why
    24:11: error: expires: "next year" is not a day; write one like 2026-12-31, without a time
    26:12: error: max_sets: with 0 the account is never guarded; write more, or mode = "observe"
    27:14: error: max_volume: with 0 the account is never guarded; write more, or mode = "observe"
    28:8: error: wait: the account is looked at once a minute; write at least "1 minute"
    29:13: error: min_mails: this is a text; write a whole number, such as 10
    30:28: error: min_events: 0 would choose sets without a failure; write at least 1
    "#);
}

#[test]
fn tables_of_the_wrong_shape_are_shown_the_right_one() {
    insta::assert_snapshot!(each(&[
        "profile = 1",
        "profile.a = 1",
        "[assign]\nsets = 'a'",
        "assign = ['a']",
        "[[exempt]]",
        "[[assign]]",
        "[[assign]]\nsets = 'a'",
        "account = true",
        "[account]\nbounce = 4",
    ]), @r#"
    profile = 1
    1:11: error: write each profile as a table of its own: [profile.newsletters]

    profile.a = 1
    1:13: error: this is a number; write a table, such as [profile.newsletters]

    [assign]
    sets = 'a'
    1:1: error: write it with two brackets, [[assign]], once for each rule

    assign = ['a']
    1:11: error: this is a text; write a table, such as [[assign]] sets = ["billing-*"], profile = "transactional"

    [[exempt]]
    1:1: error: sets is missing; write sets = ["…"] with names, or wildcards such as "billing-*"
    1:1: error: reason is missing; write reason = "who knows why, ticket 4711"
    1:1: error: expires is missing; write expires = 2026-12-31

    [[assign]]
    1:1: error: sets is missing; write sets = ["…"] with names, or wildcards such as "billing-*"
    1:1: error: this rule assigns nothing; write a profile, a mode or senders

    [[assign]]
    sets = 'a'
    1:1: error: this rule assigns nothing; write a profile, a mode or senders

    account = true
    1:11: error: this is true or false; write a table, such as [account]

    [account]
    bounce = 4
    2:10: error: this is a number; write a table, such as { trigger = "4 %", target = "2 %" }
    "#);
}

#[test]
fn what_is_no_toml_is_said_at_its_place() {
    insta::assert_snapshot!(each(&[
        "mode = ",
        "mode = \"observe",
        "mode = \"observe\"\nmode = \"enforce\"",
        "[profile.a\n[profile.b]\nwindow 7",
        "ä = 'ö' x",
    ]), @r#"
    mode = 
    1:8: error: not TOML: string values must be quoted, expected literal string

    mode = "observe
    1:16: error: not TOML: invalid basic string, expected `"`

    mode = "observe"
    mode = "enforce"
    2:1: error: not TOML: duplicate key

    [profile.a
    [profile.b]
    window 7
    1:11: error: not TOML: unclosed table, expected `]`
    3:8: error: not TOML: key with no value, expected `=`

    ä = 'ö' x
    1:1: error: not TOML: invalid unquoted key, expected letters, numbers, `-`, `_`
    1:9: error: not TOML: unexpected key or value, expected newline, `#`
    "#);
    assert_eq!(check(&"#".repeat(LONGEST_TEXT), now()).problems, []);
    assert_eq!(
        told(&"#".repeat(LONGEST_TEXT + 1)),
        "1:1: error: longer than 256 KiB; use wildcards instead of single names\n"
    );
}

#[test]
fn json_is_read_like_toml_and_has_places_too() {
    let text = "{\n  \"mode\": \"observe\", \"profile\": null,\n  \"assign\": [{\"sets\": \"a\", \"profile\": \"stric\"}],\n  \"extra\": 1}";
    insta::assert_snapshot!(told(text), @r#"
    3:39: error: no profile is called "stric"; did you mean "strict"?
    4:12: error: unknown key "extra"; known here: mode, profile, assign, exempt, account
    "#);
    let sound = text.replace("stric", "strict").replace(",\n  \"extra\": 1", "");
    assert_eq!(
        book(&sound),
        book("mode='observe'\n\n[[assign]]\nsets='a'\nprofile='strict'".replace("\n\n", "\n").as_str())
    );
    for truth in [true, false] {
        let text = format!(
            "{{\"profile\": {{\"x\": {{\"trust_alarm\": {truth}}}}}, \"assign\": [{{\"sets\": \"a\", \"profile\": \"x\"}}]}}"
        );
        assert_eq!(book(&text).for_set(&set("a"), now()).policy.trust_alarm, truth);
    }
    insta::assert_snapshot!(told("{\"mode\": \"observe\",\n  nonsense"), @"2:3: error: not JSON: key must be a string");
    insta::assert_snapshot!(told("{\"bounce\": {}}"), @"1:13: error: missing field `pause`");
    insta::assert_snapshot!(told("{\"mode\": \"observe\", \"mode\": \"enforce\"}"), @r#"
    1:29: error: the key "mode" is there twice; delete one of the two
    "#);
    let one = Policy { window_buckets: 288, ..Policy::default() };
    assert_eq!(book(&serde_json::to_string(&one).unwrap()).for_set(&set("a"), now()).policy, one);
}

#[test]
fn an_unfit_text_says_all_its_errors_and_no_warning() {
    let error = PolicyBook::read("mode = 1\n[profile.x]\nwindow = 3").unwrap_err().to_string();
    insta::assert_snapshot!(error, @r#"
    line 1:8: error: mode: write "enforce" (the guard pauses) or "observe" (it only says so); line 3:10: error: window: a time needs its unit; write "7 days" or "36 hours", not 3
    "#);
}
