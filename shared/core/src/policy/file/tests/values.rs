//! Single values, each with what it is answered with.

use crate::policy::Ppm;
use crate::policy::file::tree::Node;
use crate::policy::file::value::*;

fn words(text: &str) -> Node {
    Node::Text(text.to_owned())
}

#[test]
fn a_share_is_a_percentage_with_at_most_four_decimals() {
    for (text, ppm) in [
        ("5 %", 50_000),
        ("5%", 50_000),
        (" 5.0 % ", 50_000),
        ("0.05 %", 500),
        ("0.0001 %", 1),
        ("0 %", 0),
        ("100 %", 1_000_000),
        ("500 ppm", 500),
        ("500ppm", 500),
    ] {
        assert_eq!(share(&words(text)).map(Ppm::get), Ok(ppm), "{text}");
    }
    let mut refused = String::new();
    for node in [
        words("5"),
        words("5 percent"),
        words("five"),
        words("0,05 %"),
        words("0.00001 %"),
        words("5. %"),
        words(".5 %"),
        words("-5 %"),
        words("100.0001 %"),
        words("99999999999999999999 %"),
        words("%"),
        words("1.5 ppm"),
        Node::Whole(5),
        Node::Decimal("0.05".to_owned()),
        Node::Decimal("5.5".to_owned()),
        Node::Truth(true),
    ] {
        refused.push_str(&format!("{node:?}: {}\n", share(&node).unwrap_err()));
    }
    insta::assert_snapshot!(refused, @r#"
    Text("5"): a share needs its unit; write "5 %"
    Text("5 percent"): a share needs its unit; write "5 %"
    Text("five"): "five" is not a share; write one like "5 %" or "0.05 %"
    Text("0,05 %"): write the decimals behind a point: "0.05 %"
    Text("0.00001 %"): "0.00001 %" is not a share; write a percentage of at most 4 decimals, such as "5 %" or "0.0001 %"
    Text("5. %"): "5. %" is not a share; write a percentage of at most 4 decimals, such as "5 %" or "0.0001 %"
    Text(".5 %"): ".5 %" is not a share; write a percentage of at most 4 decimals, such as "5 %" or "0.0001 %"
    Text("-5 %"): "-5 %" is not a share; write a percentage of at most 4 decimals, such as "5 %" or "0.0001 %"
    Text("100.0001 %"): 100.0001 % is more than everything; write at most "100 %"
    Text("99999999999999999999 %"): "99999999999999999999 %" is not a share; write a percentage of at most 4 decimals, such as "5 %" or "0.0001 %"
    Text("%"): "%" is not a share; write a percentage of at most 4 decimals, such as "5 %" or "0.0001 %"
    Text("1.5 ppm"): "1.5 ppm" is not a share; write a percentage of at most 4 decimals, such as "5 %" or "0.0001 %"
    Whole(5): a share needs its unit; write "5 %"
    Decimal("0.05"): a share needs its unit; write "0.05 %", or "5 %" if you mean that share of 1
    Decimal("5.5"): a share needs its unit; write "5.5 %"
    Truth(true): this is true or false; write a share, such as "5 %"
    "#);
}

#[test]
fn a_time_is_told_in_days_hours_and_minutes() {
    for (text, expected) in [
        ("7 days", 672),
        ("36 hours", 144),
        ("1 day 12 hours", 144),
        ("36h", 144),
        ("2 weeks", 1344),
        ("15 minutes", 1),
    ] {
        assert_eq!(buckets(&words(text)), Ok(expected), "{text}");
    }
    let mut refused = String::new();
    for node in [
        words("a week"),
        words("1 month"),
        words("0 days"),
        words("20 minutes"),
        words("-1 day"),
        words("7"),
        words("99999999 weeks"),
        Node::Whole(7),
        Node::Truth(true),
    ] {
        refused.push_str(&format!("{node:?}: {}\n", buckets(&node).unwrap_err()));
    }
    insta::assert_snapshot!(refused, @r#"
    Text("a week"): "a week" is not a length of time; write one like "7 days" or "36 hours"
    Text("1 month"): months and years differ in length; write days
    Text("0 days"): too short: nothing would be looked at; write at least "15 minutes"
    Text("20 minutes"): mails are counted in quarters of an hour; write a multiple of 15 minutes
    Text("-1 day"): "-1 day" is not a length of time; write one like "7 days" or "36 hours"
    Text("7"): "7" is not a length of time; write one like "7 days" or "36 hours"
    Text("99999999 weeks"): "99999999 weeks" is not a length of time; write one like "7 days" or "36 hours"
    Whole(7): a time needs its unit; write "7 days" or "36 hours", not 7
    Truth(true): this is true or false; write a length of time, such as "7 days" or "36 hours"
    "#);
    for (seconds, text) in [(604_800, "7 days"), (129_600, "1 day 12 hours"), (900, "15 minutes"), (1, "1 seconds")] {
        assert_eq!(spelled(seconds), text);
    }
}

#[test]
fn every_other_value_says_what_to_write_instead() {
    let mut refused = String::new();
    for (what, error) in [
        ("count", count(&Node::Whole(-1)).unwrap_err()),
        ("count", count(&words("10,000")).unwrap_err()),
        ("count", count(&words("ten")).unwrap_err()),
        ("count", count(&Node::Decimal("1.5".to_owned())).unwrap_err()),
        ("small count", small_count(&Node::Whole(1 << 32)).unwrap_err()),
        ("truth", truth(&words("true")).unwrap_err()),
        ("truth", truth(&Node::Whole(1)).unwrap_err()),
        ("text", text(&Node::Whole(1)).unwrap_err()),
        ("mode", mode(&words("on")).unwrap_err()),
        ("date", date(&words("31.12.2026")).unwrap_err()),
        ("date", date(&words("2026-02-30")).unwrap_err()),
        ("date", date(&Node::Date("2026-12-31T10:00:00Z".to_owned())).unwrap_err()),
        ("date", date(&words("2026-12-31T10:00:00")).unwrap_err()),
        ("date", date(&Node::Whole(2026)).unwrap_err()),
    ] {
        refused.push_str(&format!("{what}: {error}\n"));
    }
    insta::assert_snapshot!(refused, @r#"
    count: must not be negative; write 0 or a number above
    count: write the number without quotation marks: 10_000
    count: this is a text; write a whole number, such as 10
    count: this is a number; write a whole number, such as 10
    small count: too large; write at most 4_294_967_295
    truth: write true without quotation marks
    truth: this is a number; write true or false, such as true
    text: this is a number; write a text, such as "…"
    mode: write "enforce" (the guard pauses) or "observe" (it only says so)
    date: "31.12.2026" is not a day; write one like 2026-12-31, without a time
    date: "2026-02-30" is not a day; write one like 2026-12-31, without a time
    date: "2026-12-31T10:00:00Z" is not a day; write one like 2026-12-31, without a time
    date: "2026-12-31T10:00:00" is not a day; write one like 2026-12-31, without a time
    date: this is a number; write a day, such as 2026-12-31
    "#);
    assert_eq!(date(&Node::Date("2026-12-31".to_owned())), date(&words("2026-12-31")));
}

#[test]
fn a_pause_goes_through_one_of_two_words() {
    use crate::policy::PauseThrough;
    assert_eq!(pause_through(&words("tenant")), Ok(PauseThrough::Tenant));
    assert_eq!(pause_through(&words("configuration-set")), Ok(PauseThrough::ConfigurationSet));
    for node in [words("Tenant"), words("configurationSet"), words(""), Node::Truth(true), Node::Whole(1)] {
        let message = "write \"configuration-set\" (its own switch is turned) or \"tenant\" (its tenant is disabled)";
        assert_eq!(pause_through(&node).unwrap_err(), message, "{node:?}");
    }
}
