//! What holds for every text.

use proptest::prelude::*;

use super::*;

/// Pieces that make files which are nearly right.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "[profile.a]",
        "[profile.b.bounce]",
        "[[assign]]",
        "[[exempt]]",
        "[account]",
        "based_on = 'a'",
        "based_on = 'b'",
        "pause_rate = '4 %'",
        "pause_slack = 0",
        "warn_slack = 99",
        "window = '9 days'",
        "sets = 'a*'",
        "sets = ['*b', 'a?']",
        "profile = 'a'",
        "profile = 'strict'",
        "mode = 'observe'",
        "reason = 'r'",
        "expires = 2026-12-31",
        "bounce = {}",
        "complaint.pause_rate = '9 %'",
        "complaint_coverage = '50 %'",
        "trigger = '1 %'",
        "= ",
        "'",
        "{",
        "scale_slack = true",
        "pause_through = 'tenant'",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.join("\n"))
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "\\PC*|[\\[\\]{}=\"'.#\n a-z0-9%*?-]{0,200}") {
        let checked = check(&text, now());
        prop_assert_eq!(checked.book.is_none(), checked.problems.iter().any(|problem| problem.severity == Severity::Error));
        let _ = check(&format!("{{{text}}}"), now());
    }

    #[test]
    fn what_passes_is_valid_and_has_an_answer_for_every_name(text in pieces(), name in "[ab]{1,3}|[A-Za-z0-9_-]{1,64}") {
        let checked = check(&text, now());
        if let Some(book) = checked.book {
            for profile in book.profiles() {
                prop_assert_eq!(profile.policy.validate(), Ok(()), "{}", text);
            }
            let found = book.for_set(&set(&name), now());
            let first = book.rules.iter().find(|rule| rule.pattern.matches_text(&name));
            prop_assert_eq!(found.rule.map(|rule| rule.pattern), first.map(|rule| rule.pattern.to_string()));
            prop_assert!(book.profiles().any(|profile| profile.policy == found.policy));
            prop_assert_eq!(PolicyBook::read(&text), Ok(book));
        } else {
            prop_assert!(PolicyBook::read(&text).is_err());
        }
    }
}
