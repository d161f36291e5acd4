//! Text into records, whatever stands between them: line ends, nothing at all, or the brackets and commas of an array.

use memchr::{memchr, memchr3};

/// Deeper than any event, and than `serde_json` reads.
const DEEPEST: u32 = 128;

/// A part of the text that is to be read by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    /// Where it starts in the text.
    pub(crate) at: usize,
    /// Its bytes.
    pub(crate) bytes: &'a [u8],
    /// Whether it is an object from its first brace to its last.
    pub(crate) whole: bool,
    /// The text before it on its line, as in an export of CloudWatch Logs.
    pub(crate) prefix: &'a [u8],
}

/// Gives the pieces of a text, in order. A damaged record costs itself and, at worst, what stands on its line.
#[derive(Debug)]
pub(crate) struct Splitter<'a> {
    text: &'a [u8],
    at: usize,
    /// The latest record had a line for itself: then a brace that begins a line begins a record.
    by_line: bool,
}

impl<'a> Splitter<'a> {
    pub(crate) fn of(text: &'a [u8], by_line: bool) -> Self {
        Self { text, at: 0, by_line }
    }

    /// Where the next piece is looked for.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    fn rest(&self, from: usize) -> &'a [u8] {
        self.text.get(from..).unwrap_or_default()
    }

    fn piece(&self, from: usize, to: usize, whole: bool, prefix: (usize, usize)) -> Piece<'a> {
        let slice = |from: usize, to: usize| self.text.get(from..to).unwrap_or_default();
        Piece { at: from, bytes: slice(from, to).trim_ascii(), whole, prefix: slice(prefix.0, prefix.1).trim_ascii() }
    }

    fn line_end(&self, from: usize) -> usize {
        memchr(b'\n', self.rest(from)).map_or(self.text.len(), |end| from + end)
    }

    /// The next line that begins with a brace, or with a digit as log lines do.
    fn next_record_line(&self, from: usize) -> usize {
        let mut at = self.line_end(from);
        while let Some(next) = self.text.get(at + 1) {
            if *next == b'{' || next.is_ascii_digit() {
                return at + 1;
            }
            at = self.line_end(at + 1);
        }
        self.text.len()
    }
}

impl<'a> Iterator for Splitter<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let noise = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b'[' | b']' | 0xef | 0xbb | 0xbf);
        self.at += self.rest(self.at).iter().take_while(noise).count();
        let from = self.at;
        let first = *self.text.get(from)?;
        let line_end = self.line_end(from);
        let brace = if first == b'{' { Some(0) } else { memchr(b'{', self.text.get(from..line_end)?) };
        let Some(start) = brace.map(|offset| from + offset) else {
            self.at = line_end;
            return Some(self.piece(from, line_end, false, (from, from)));
        };
        match end_of_object(self.text, start, self.by_line) {
            Ok(end) => {
                self.at = end;
                self.by_line = end <= line_end && self.rest(end).iter().find(|byte| **byte != b'\r') == Some(&b'\n');
                Some(self.piece(start, end, true, (from, start)))
            }
            Err(fault) => {
                self.at = match fault {
                    Broken::At(at) => at.max(start + 1),
                    Broken::Line(at) => self.line_end(at),
                    Broken::Unfinished => self.next_record_line(start),
                };
                Some(self.piece(start, self.at, false, (from, start)))
            }
        }
    }
}

/// In what way braces and quotes don't come out even.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Broken {
    /// Another record begins here.
    At(usize),
    /// The rest of this line is not to be trusted.
    Line(usize),
    /// The text ends first.
    Unfinished,
}

/// The end of the object that starts at `start`. Looks at braces, brackets, quotes, commas and colons only: whether it
/// is JSON throughout is the reader's to say.
fn end_of_object(text: &[u8], start: usize, by_line: bool) -> Result<usize, Broken> {
    let (mut at, mut depth, mut before) = (start, 0_u32, b':');
    // One bit per open bracket, the innermost last: 1 is an array.
    let mut arrays = 0_u128;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => at = end_of_string(text, at + 1)?,
            b'{' | b'[' => {
                let in_array = depth > 0 && arrays & 1 == 1;
                let fits = if in_array { matches!(before, b'[' | b',') } else { before == b':' };
                if !fits {
                    return Err(if *byte == b'{' { Broken::At(at) } else { Broken::Line(at) });
                }
                depth += 1;
                arrays = arrays << 1 | u128::from(*byte == b'[');
                if depth >= DEEPEST {
                    return Err(Broken::Line(at));
                }
            }
            b'}' | b']' => {
                if (arrays & 1 == 1) != (*byte == b']') {
                    return Err(Broken::Line(at));
                }
                depth -= 1;
                arrays >>= 1;
                if depth == 0 {
                    return Ok(at + 1);
                }
            }
            b'\n' if by_line && text.get(at + 1) == Some(&b'{') => return Err(Broken::At(at + 1)),
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            before = *byte;
        }
        at += 1;
    }
    Err(Broken::Unfinished)
}

/// The closing quote of the string that starts at `from`. A string in JSON holds no line end.
fn end_of_string(text: &[u8], from: usize) -> Result<usize, Broken> {
    let mut at = from;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let found = at + memchr3(b'"', b'\\', b'\n', rest).ok_or(Broken::Unfinished)?;
        match text.get(found) {
            Some(b'"') => return Ok(found),
            Some(b'\\') => at = found + 2,
            Some(_) | None => return Err(Broken::Line(found)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<(String, bool)> {
        let text_of = |piece: Piece<'_>| (String::from_utf8_lossy(piece.bytes).into_owned(), piece.whole);
        Splitter::of(text.as_bytes(), false).map(text_of).collect()
    }

    fn whole(text: &str) -> Vec<String> {
        let pieces = pieces(text);
        assert!(pieces.iter().all(|(_, whole)| *whole), "{pieces:?}");
        pieces.into_iter().map(|(text, _)| text).collect()
    }

    #[test]
    fn records_are_found_whatever_stands_between_them() {
        let (one, two) = (r#"{"a":"}{\"","b":[{"c":1},{"c":2}]}"#, r#"{"a":{"b":null}}"#);
        for (what, text) in [
            ("lines", format!("{one}\n{two}\n")),
            ("lines of Windows", format!("{one}\r\n{two}\r\n")),
            ("no last line end", format!("{one}\n{two}")),
            ("empty lines", format!("\n\n{one}\n\n{two}\n\n")),
            ("nothing", format!("{one}{two}")),
            ("an array", format!("[{one},{two}]")),
            ("an array on lines", format!("[\n{one},\n{two}\n]\n")),
            ("arrays of arrays", format!("[[{one}],[{two}]]")),
            ("log lines", format!("2026-11-20T09:14:02.118Z {one}\n2026-11-20T09:14:03.118Z {two}\n")),
            ("a byte order mark", format!("\u{feff}{one}\n{two}")),
        ] {
            assert_eq!(whole(&text), [one, two], "{what}");
        }
    }

    #[test]
    fn a_record_may_have_many_lines() {
        for text in [
            "{\n  \"a\": [\n    {\n      \"b\": 1\n    }\n  ]\n}",
            "{\n\"a\": [\n{\n\"b\": 1\n},\n{\n\"b\": 2\n}\n]\n}",
        ] {
            assert_eq!(whole(&format!("{text}\n{text}\n{text}")), [text; 3]);
        }
    }

    #[test]
    fn a_damaged_record_costs_itself_only() {
        let good = r#"{"a":[{"b":1}]}"#;
        for (what, bad) in [
            ("cut in a string", r#"{"a":[{"b":"x"#),
            ("cut after a value", r#"{"a":[{"b":1"#),
            ("cut between the elements of an array", r#"{"a":[{"b":1},"#),
            ("cut after a field", r#"{"a":1,"#),
            ("the wrong bracket", r#"{"a":[{"b":1]]}"#),
            ("not JSON", "no JSON at all"),
        ] {
            let found = pieces(&format!("{good}\n{bad}\n{good}\n{good}\n"));
            let [first, damaged, second, third] = found.as_slice() else { panic!("{what}: {found:?}") };
            assert_eq!((damaged.0.as_str(), damaged.1), (bad, false), "{what}");
            assert!([first, second, third].into_iter().all(|(text, whole)| *whole && text == good), "{what}");
        }
        let found = pieces(&format!(r#"{{"a":{{"b":1}}{good}{good}"#));
        assert_eq!(found.len(), 3, "without line ends too: {found:?}");
        assert_eq!(pieces(r#"{"a":1"#), [(r#"{"a":1"#.to_owned(), false)]);
        assert_eq!(pieces("{{{{"), pieces("{{{{"), "and never forever");
        assert_eq!(pieces(&"[".repeat(1_000)), []);
    }
}
