//! Answers as text for people. Pure: the width of the terminal comes in, colours go out as they are and are taken off
//! where they are not wanted.

mod account;
pub(crate) mod figure;
pub(crate) mod history;
mod list;
mod overview;
mod refusal;
mod set;

use comfy_table::{Attribute, Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, Table, presets};
use guard_core::line::has_no_place;
use guard_core::state::Phase;
use serde::Deserialize;
use serde_json::Value;

pub(crate) use refusal::refusal;

/// What was asked, and so what the answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// How the guard stands.
    Overview,
    /// How a set stands.
    Set,
    /// An order, and how its set stands now; whether it had to say the set's home.
    Done {
        /// So that what is said of it says it too.
        at_home: bool,
    },
    /// Many sets.
    List,
    /// One set's records.
    History,
}

/// The answer laid out; `Err` when it has not the form that this program knows.
pub(crate) fn text(kind: Kind, answer: &Value, width: Option<u16>) -> Result<String, serde_json::Error> {
    match kind {
        Kind::Overview => Ok(overview::Overview::deserialize(answer)?.text(width)),
        Kind::Set => Ok(set::Set::deserialize(answer)?.card(width)),
        Kind::Done { at_home } => Ok(set::Set::deserialize(answer)?.done(at_home, width)),
        Kind::List => Ok(list::List::deserialize(answer)?.text(width)),
        Kind::History => Ok(history::History::deserialize(answer)?.text(width)),
    }
}

/// `None` when standard output is not a terminal: then nothing is wrapped.
pub(crate) fn terminal_width() -> Option<u16> {
    Table::new().width()
}

/// Without line breaks and whatever else would move a terminal's cursor.
pub(crate) fn one_line(text: &str) -> String {
    let visible = |letter: char| if has_no_place(letter) { ' ' } else { letter };
    text.chars().map(visible).collect::<String>().trim().to_owned()
}

/// The narrowest column in which prose can still be read.
const READABLE: u16 = 24;

/// Columns without lines between them. The last one is wrapped in a narrow terminal, and left to the terminal in one
/// that is too narrow even for that.
pub(crate) fn table(header: Vec<Cell>, rows: Vec<Vec<Cell>>, width: Option<u16>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.force_no_tty().enforce_styling().style_text_only();
    if !header.is_empty() {
        table.set_header(header);
    }
    table.add_rows(rows);
    let last = table.column_count().saturating_sub(1);
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if index == last { 0 } else { 2 }));
        if index != last {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    let taken =
        table.column_max_content_widths().iter().take(last).fold(0_u16, |sum, width| sum.saturating_add(width + 2));
    if let Some(width) = width.filter(|width| width.saturating_sub(taken) >= READABLE) {
        table.set_width(width);
    }
    table.trim_fmt() + "\n"
}

/// Foreign text in a cell.
pub(crate) fn words(text: &str) -> Cell {
    Cell::new(one_line(text))
}

pub(crate) fn right(cell: Cell) -> Cell {
    cell.set_alignment(CellAlignment::Right)
}

pub(crate) fn faint(text: &str) -> Cell {
    Cell::new(text).add_attribute(Attribute::Dim)
}

/// Red does not send, yellow is watched.
fn phase_cell(phase: Phase, rest: &str) -> Cell {
    let cell = Cell::new(format!("{}{rest}", phase.as_str()));
    match phase {
        Phase::Active => cell.fg(Color::DarkGreen),
        Phase::Warned | Phase::Trial | Phase::Resuming => cell.fg(Color::DarkYellow),
        Phase::Pausing | Phase::Paused | Phase::External => cell.fg(Color::DarkRed),
        Phase::Gone => cell.add_attribute(Attribute::Dim),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn the_last_column_is_wrapped_where_the_terminal_is_narrow() {
        let story = "a story that is longer than any terminal ought to be";
        let row = || vec![vec![faint("2026"), words("by\nsomeone"), words(story)]];
        let shown = |width| plain(&table(Vec::new(), row(), width));
        let whole = format!("2026  by someone  {story}\n");
        let wrapped = "2026  by someone  a story that is longer\n                  than any terminal ought\n                  to be\n";
        for (what, width, text) in [
            ("no terminal", None, whole.as_str()),
            ("wide enough", Some(70), &whole),
            ("narrow", Some(42), wrapped),
            ("too narrow to wrap", Some(41), &whole),
            ("no width at all", Some(0), &whole),
        ] {
            assert_eq!(shown(width), text, "{what}");
        }
    }

    #[test]
    fn foreign_text_moves_no_cursor() {
        assert_eq!(one_line(" two\r\nlines\u{1b}[2J\u{9b}\t"), "two  lines [2J");
        assert_eq!(plain(&table(Vec::new(), vec![vec![words("a\u{1b}[2Jb")]], None)), "a [2Jb\n");
    }
}
