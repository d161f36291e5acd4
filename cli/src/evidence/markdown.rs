//! The document as Markdown: CommonMark with tables. Foreign text can't become markup.

use super::document::{Block, Document, Table};

pub(super) fn text(document: &Document) -> String {
    let mut parts = vec![format!("# {}", plain(&document.title)), plain(&document.lead)];
    for section in &document.sections {
        parts.push(format!("## {}", section.title));
        parts.extend(section.blocks.iter().map(block));
    }
    parts.join("\n\n") + "\n"
}

fn block(block: &Block) -> String {
    match block {
        Block::Text(text) => plain(text),
        Block::List(items) => items.iter().map(|item| format!("* {}", plain(item))).collect::<Vec<_>>().join("\n"),
        Block::Table(table) => lines(table),
    }
}

fn lines(table: &Table) -> String {
    let row = |cells: &[String]| format!("| {} |", cells.join(" | "));
    let header: Vec<String> = table.header.iter().map(|&cell| cell.to_owned()).collect();
    let rule: Vec<String> =
        (0..header.len()).map(|column| if column < table.numbers_from { "---" } else { "---:" }.to_owned()).collect();
    let rows = table.rows.iter().map(|cells| row(&cells.iter().map(|cell| plain(cell)).collect::<Vec<_>>()));
    [row(&header), row(&rule)].into_iter().chain(rows).collect::<Vec<_>>().join("\n")
}

/// On one line, with nothing in it that Markdown or the HTML in it would act upon.
fn plain(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let is_word = |index: usize| letters.get(index).is_some_and(|letter| letter.is_alphanumeric());
    let mut plain = String::with_capacity(text.len());
    for (index, &letter) in letters.iter().enumerate() {
        match letter {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '~' => plain.extend(['\\', letter]),
            // Within a word it is one of its letters.
            '_' if index > 0 && is_word(index - 1) && is_word(index + 1) => plain.push(letter),
            '_' => plain.extend(['\\', letter]),
            '#' | '+' | '-' if index == 0 => plain.extend(['\\', letter]),
            '&' => plain.push_str("&amp;"),
            letter if letter.is_control() => plain.push(' '),
            letter => plain.push(letter),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_stays_text() {
        for (text, written) in [
            ("tenant_a_b: 5 % (10 + 5 %), ops@example.com", "tenant_a_b: 5 % (10 + 5 %), ops@example.com"),
            ("_so_ *it* is | `x`", "\\_so\\_ \\*it\\* is \\| \\`x\\`"),
            ("<img src=x onerror=alert(1)>", "\\<img src=x onerror=alert(1)\\>"),
            ("[bill](https://evil.example)", "\\[bill\\](https://evil.example)"),
            ("# a title\nand more", "\\# a title and more"),
            ("a & b &lt;", "a &amp; b &amp;lt;"),
        ] {
            assert_eq!(plain(text), written);
        }
    }
}
