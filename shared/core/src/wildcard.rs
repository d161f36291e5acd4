//! IAM's wildcards: `*` is any run of characters, also none; `?` is exactly one.

/// Whether all of the text is as the pattern says. At most as many steps as one is long times the other: only the latest `*` is ever gone back to.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut read) = (0, 0);
    let mut run: Option<(usize, usize)> = None;
    while let Some(byte) = text.get(read) {
        match pattern.get(at) {
            Some(b'*') => {
                run = Some((at, read));
                at += 1;
            }
            Some(token) if token == byte || *token == b'?' => {
                at += 1;
                read += 1;
            }
            Some(_) | None => match run {
                Some((star, from)) => (at, read) = (star, from + 1),
                None => return false,
            },
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|token| *token == b'*')
}

#[cfg(test)]
mod tests {
    #[test]
    fn stars_and_question_marks_are_iam_s() {
        for (pattern, text, matches) in [
            ("*", "", true),
            ("*", "anything", true),
            ("", "", true),
            ("", "a", false),
            ("sqs:*", "sqs:sendmessage", true),
            ("sqs:*", "sns:publish", false),
            ("*message", "sqs:sendmessage", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b", false),
            ("tenant-?", "tenant-a", true),
            ("tenant-?", "tenant-ab", false),
            ("tenant-?", "tenant-", false),
            ("abc", "ab", false),
            ("ab", "abc", false),
        ] {
            assert_eq!(super::matches(pattern, text), matches, "{pattern} {text}");
        }
    }
}
