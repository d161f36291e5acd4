//! What people write and what ends in a line that others read: a log, a notice, an audit record, a terminal.

/// Whether this character has no place in a line: it would end the line, steer a terminal, or turn the order in which the
/// rest is shown. Unicode's line and paragraph separators and its direction marks are no control characters.
pub fn has_no_place(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_every_script_have_a_place_and_what_steers_has_none() {
        assert!(!"Größe 4711, список очищен, リスト, \"quoted\" {}<b>".chars().any(has_no_place));
        for letter in [
            '\0', '\n', '\r', '\t', '\u{1b}', '\u{7f}', '\u{85}', '\u{9b}', '\u{2028}', '\u{2029}', '\u{202e}',
            '\u{2066}', '\u{200f}',
        ] {
            assert!(has_no_place(letter), "{letter:?}");
        }
    }
}
