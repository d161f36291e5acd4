//! Rules in one another's way, and exemptions.

use super::*;

#[test]
fn rules_in_one_anothers_way_are_told_apart() {
    insta::assert_snapshot!(told(r#"
[[assign]]
sets = ["billing", "shop-*", "shop-eu"]
profile = "transactional"
[[assign]]
sets = ["billing", "shop-us", "shop-news-*"]
profile = "strict"
[[assign]]
sets = ["*-eu"]
profile = "strict"
[[assign]]
sets = ["a-*", "b-*"]
mode = "observe"
[[assign]]
sets = ["[", "a?*"]
mode = "enforce"
[[assign]]
sets = ["*"]
profile = "high-volume"
[[assign]]
sets = ["last"]
profile = "strict"
"#), @r#"
    3:30: error: "shop-eu" is part of "shop-*" in the same rule; delete it
    6:9: error: "billing" is assigned already, in line 3; delete one of the two
    6:20: error: "shop-us" is never reached: "shop-*" in line 3 matches it first; move it above that line
    6:31: error: "shop-news-*" is never reached: "shop-*" in line 3 matches it first; move it above that line
    9:9: error: "*-eu" and "shop-*" in line 3 both match "shop-eu" and assign it differently; add a rule above both that says which is meant, such as sets = ["shop-eu"]
    12:9: error: "a-*" and "*-eu" in line 9 both match "a-eu" and assign it differently; add a rule above both that says which is meant, such as sets = ["a-eu"]
    12:16: error: "b-*" and "*-eu" in line 9 both match "b-eu" and assign it differently; add a rule above both that says which is meant, such as sets = ["b-eu"]
    15:9: error: sets: '[' cannot be in a configuration set's name (A-Z a-z 0-9 _ -); of wildcards there are only * (any characters) and ? (one)
    15:14: error: "a?*" and "*-eu" in line 9 both match "a-eu" and assign it differently; add a rule above both that says which is meant, such as sets = ["a-eu"]
    21:9: error: "last" is never reached: "*" in line 18 matches it first; move it above that line
    "#);
    let together = "[[assign]]\nsets=['a','a?*']\nmode='observe'\n[[assign]]\nsets='a*'\nmode='enforce'";
    insta::assert_snapshot!(told(together), @r#"
    5:6: error: the rules above leave nothing to "a*"; move it up or delete it
    "#);
}

#[test]
fn who_may_send_is_part_of_a_rule() {
    let book = PolicyBook::read(
        "[[assign]]\nsets='a'\nsenders='a-*'\n[[assign]]\nsets='b'\nsenders=['x','y?']\nstrict_sender=true",
    )
    .unwrap();
    let of = |set: &str| book.for_set(&set.parse().unwrap(), Timestamp::UNIX_EPOCH).senders;
    let seen =
        |set: &str| of(set).map(|senders| (senders.patterns().collect::<Vec<_>>().join(" "), senders.is_strict()));
    assert_eq!(seen("a"), Some(("a-*".to_owned(), false)));
    assert_eq!(seen("b"), Some(("x y?".to_owned(), true)));
    assert_eq!(seen("c"), None);
    assert!(
        of("b").is_some_and(|senders| senders.admit(&"y1".parse().unwrap()) && !senders.admit(&"y".parse().unwrap()))
    );

    insta::assert_snapshot!(told(r#"
[[assign]]
sets = "a"
strict_sender = true
[[assign]]
sets = "b"
senders = []
[[assign]]
sets = "c"
senders = ["ana@example.com", 5]
[[assign]]
sets = "d"
sender = "x"
[[assign]]
sets = "e-*"
senders = "x"
[[assign]]
sets = "*-e"
senders = "y"
"#), @r#"
    4:17: error: strict_sender: says nothing without senders; write senders = ["…"], who may send with these sets
    7:11: error: senders: the list is empty; write who may send with these sets, or delete the key
    10:12: error: senders: write the name of an IAM user or role as SES has it in ses:caller-identity (1 to 128 of A-Z a-z 0-9 _ - + = , . : /), with * for any characters and ? for one
    10:31: error: senders: this is a number; write a text, such as "…"
    13:1: error: unknown key "sender"; did you mean senders?
    18:8: error: "*-e" and "e-*" in line 15 both match "e-e" and assign it differently; add a rule above both that says which is meant, such as sets = ["e-e"]
    "#);
    let many = |count| told(&format!("[[assign]]\nsets='a'\nsenders=[{}]", "'x',".repeat(count)));
    assert_eq!(many(50), "");
    insta::assert_snapshot!(many(51), @r#"3:9: error: senders: more than 50; use wildcards, such as "tenant-a-*""#);
}

#[test]
fn special_rules_above_general_ones_are_no_problem() {
    for (what, text) in [
        ("a name above a wildcard", "[[assign]]\nsets='a-1'\nmode='observe'\n[[assign]]\nsets='a-*'\nprofile='strict'"),
        (
            "a wildcard above a wider",
            "[[assign]]\nsets='a-b-*'\nmode='observe'\n[[assign]]\nsets='a-*'\nprofile='strict'",
        ),
        (
            "overlap that says the same",
            "[[assign]]\nsets='a-*'\nmode='observe'\n[[assign]]\nsets='*-z'\nmode='observe'",
        ),
        (
            "overlap that is settled above",
            "[[assign]]\nsets=['a-*-z', 'a-z']\nmode='observe'\n[[assign]]\nsets='a-*'\nmode='observe'\n\
             [[assign]]\nsets='*-z'\nprofile='strict'",
        ),
    ] {
        assert_eq!(told(text), "", "{what}");
    }
}

#[test]
fn an_exemption_has_a_reason_and_an_end() {
    insta::assert_snapshot!(told(r#"
[[exempt]]
sets = ["a", "b"]
reason = "import, ticket 4711"
expires = 2026-11-19
[[exempt]]
sets = "b"
reason = "again"
expires = 2027-11-22
[[exempt]]
sets = "*"
reason = "holidays"
expires = 2026-12-31
[[exempt]]
sets = "c"
reason = "two\nlines"
expires = 2026-12-31T10:00:00Z
"#), @r#"
    5:11: warning: expires: this exemption has expired and has no effect; delete it, or give it a new date and reason
    7:8: error: "b" is exempt already, in line 3; delete one of the two
    9:11: warning: expires: more than a year ahead; an exemption nobody looks at again is how an account is lost. Write a nearer date, or assign a laxer profile
    11:8: error: this exempts every set; write mode = "observe" at the top of the file instead
    16:10: error: reason: write one line of at most 500 characters
    17:11: error: expires: "2026-12-31T10:00:00Z" is not a day; write one like 2026-12-31, without a time
    "#);
    let reason = |length| told(&format!("[[exempt]]\nsets='a'\nreason='{}'\nexpires=2026-12-31", "ß".repeat(length)));
    assert_eq!([reason(499), reason(500)], ["", ""]);
    assert_eq!(reason(501), "3:8: error: reason: write one line of at most 500 characters\n");
    assert_eq!(told("[[exempt]]\nsets='a'\nreason='r'\nexpires=2026-11-20"), "", "the last day still counts");
    assert_eq!(told("[[exempt]]\nsets='a'\nreason='r'\nexpires=2027-11-21"), "", "366 days");
}

#[test]
fn too_many_wildcards_to_compare_are_a_warning_and_not_a_wait() {
    let rule = |number| {
        format!(
            "[[assign]]\nsets = '*{number}*a?????????????*'\nprofile = '{}'\n",
            ["strict", "default"][usize::from(number % 2 == 0)]
        )
    };
    let text: String = (0..40).map(rule).collect();
    let said = told(&text);
    assert!(said.contains("warning: too many wildcards to compare every rule with every other"), "{said}");
}

#[test]
fn a_rule_for_each_of_many_tenants_is_compared_with_all_others() {
    let rule = |number: u32| {
        let profile = ["strict", "transactional"][usize::from(number.is_multiple_of(2))];
        format!("[[assign]]\nsets = ['tenant-{number:04}', 'tenant-{number:04}-*']\nprofile = '{profile}'\n")
    };
    let text: String = (0..120).map(rule).collect();
    assert_eq!(told(&text), "");
    let line = 1 + text.lines().count() + 1;
    assert_eq!(
        told(&format!("{text}[[assign]]\nsets = 'tenant-0007-eu'\nmode = 'observe'\n")),
        format!(
            "{line}:8: error: \"tenant-0007-eu\" is never reached: \"tenant-0007-*\" in line 23 matches it first; move it \
             above that line\n"
        )
    );
}

#[test]
fn names_below_wildcards_that_match_none_of_them_take_no_comparing() {
    let name = |number: u32| format!("'{number:03}-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ-4711'");
    let names = (0..150).map(name).collect::<Vec<_>>().join(", ");
    let text =
        format!("[[assign]]\nsets = '*-test-*'\nmode = 'observe'\n[[assign]]\nsets = [{names}]\nprofile = 'strict'\n");
    assert_eq!(told(&text), "");
}
