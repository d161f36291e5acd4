//! A stream into blocks of text that can be read apart: none ends within a record.

use std::io::{self, BufRead, Read};

use memchr::{memchr_iter, memrchr};

use crate::split::Splitter;

/// Enough to keep a thread busy for a few milliseconds.
const BLOCK_BYTES: usize = 512 * 1024;
/// No record is longer: the largest batch that Lambda takes has 6 MB.
const LONGEST_RECORD: usize = 16 * 1024 * 1024;

/// A part of one input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// Which input.
    pub(crate) input: usize,
    /// Its first byte, counted in the decompressed text.
    pub(crate) byte: u64,
    /// Its first line, from 1.
    pub(crate) line: u64,
    pub(crate) text: Vec<u8>,
}

/// Cuts a stream. `take` is given each block and says whether to go on.
pub(crate) fn cut(input: usize, reader: &mut dyn BufRead, mut take: impl FnMut(Block) -> bool) -> io::Result<()> {
    let mut rest: Vec<u8> = Vec::new();
    let (mut byte, mut line) = (0_u64, 1_u64);
    let mut wanted = BLOCK_BYTES;
    loop {
        let missing = wanted.saturating_sub(rest.len());
        rest.reserve(missing);
        let filled = reader.take(missing as u64).read_to_end(&mut rest);
        let at_end = matches!(filled, Ok(read) if read < missing);
        let end = match (&filled, at_end) {
            (Err(_), _) | (_, true) => rest.len(),
            (Ok(_), false) => match safe_end(&rest).or_else(|| counted_out(&rest)) {
                Some(end) => end,
                None if rest.len() >= LONGEST_RECORD => rest.len(),
                None => {
                    wanted = rest.len() * 2;
                    continue;
                }
            },
        };
        wanted = BLOCK_BYTES;
        let tail = rest.split_off(end);
        let text = std::mem::replace(&mut rest, tail);
        let block = Block { input, byte, line, text };
        byte += block.text.len() as u64;
        line += memchr_iter(b'\n', &block.text).count() as u64;
        if !block.text.is_empty() && !take(block) {
            return Ok(());
        }
        if at_end || filled.is_err() {
            return filled.map(drop);
        }
    }
}

/// The last place at which no record is cut. A line end between a closing bracket and anything but what goes on after
/// one lies between records, for it can lie in no string; without such a place the records are counted out.
fn safe_end(text: &[u8]) -> Option<usize> {
    let mut end = text.len();
    for _ in 0..64 {
        let newline = memrchr(b'\n', text.get(..end)?)?;
        let (before, after) = (text.get(..newline)?.trim_ascii_end(), text.get(newline + 1..)?.trim_ascii_start());
        let closed = matches!(before.last(), Some(b'}' | b']'));
        if closed && after.first().is_some_and(|next| !matches!(next, b',' | b'}' | b']' | b':')) {
            return Some(newline + 1);
        }
        end = newline;
    }
    None
}

/// The end of the last whole record.
fn counted_out(text: &[u8]) -> Option<usize> {
    let mut splitter = Splitter::of(text, false);
    let mut end = None;
    while let Some(piece) = splitter.next() {
        if piece.whole {
            end = Some(splitter.position());
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(text: &str) -> Vec<Block> {
        let mut blocks = Vec::new();
        let whole = cut(3, &mut text.as_bytes(), |block| {
            blocks.push(block);
            true
        });
        assert!(whole.is_ok());
        blocks
    }

    #[test]
    fn no_block_ends_within_a_record() {
        let record = format!(r#"{{"a":"{}","b":[{{"c":1}},{{"d":"}}{{"}}]}}"#, "x".repeat(1_000));
        let pretty = "{\n  \"a\": [\n    {},\n    {}\n  ]\n}";
        for (what, record, between) in [
            ("lines", record.as_str(), "\n"),
            ("nothing between", &record, ""),
            ("an array on one line", &record, ","),
            ("an array on lines", &record, ",\n"),
            ("many lines each", pretty, "\n"),
            ("an array of many lines each", pretty, ",\n  "),
        ] {
            let count = 2 * BLOCK_BYTES / record.len() + 10;
            let text = vec![record; count].join(between);
            let blocks = blocks(&text);
            assert!(blocks.len() > 1, "{what}");
            let joined: Vec<u8> = blocks.iter().flat_map(|block| block.text.clone()).collect();
            assert_eq!(joined, text.as_bytes(), "{what}");
            let found: usize =
                blocks.iter().map(|block| Splitter::of(&block.text, false).filter(|piece| piece.whole).count()).sum();
            assert_eq!(found, count, "{what}");
        }
    }

    #[test]
    fn a_block_knows_where_it_starts() {
        let line = format!("{{\"a\":\"{}\"}}\n", "x".repeat(99_990));
        let text = line.repeat(11);
        for block in blocks(&text) {
            assert_eq!(block.input, 3);
            assert_eq!(block.byte, (block.line - 1) * line.len() as u64);
        }
    }

    #[test]
    fn what_never_ends_is_cut_anyway() {
        let endless = blocks(&"x".repeat(LONGEST_RECORD * 2));
        assert!(endless.len() >= 2 && endless.iter().all(|block| block.text.len() <= 2 * LONGEST_RECORD));
        assert_eq!(blocks(""), []);
    }
}
