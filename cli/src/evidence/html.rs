//! The document as one page that needs nothing else, made to be printed: no script, no font, no request. maud escapes all text.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::document::{Block, Document, Table};

const STYLE: &str = include_str!("print.css");

pub(super) fn page(document: &Document) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { (document.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (document.title) }
                    p.lead { (document.lead) }
                    @for section in &document.sections {
                        section {
                            h2 { (section.title) }
                            @for one in &section.blocks { (block(one)) }
                        }
                    }
                }
            }
        }
    };
    page.into_string() + "\n"
}

fn block(block: &Block) -> Markup {
    match block {
        Block::Text(text) => html! { p { (text) } },
        Block::List(items) => html! { ul { @for item in items { li { (item) } } } },
        Block::Table(table) => rows(table),
    }
}

fn rows(table: &Table) -> Markup {
    let class = |column: usize| (column >= table.numbers_from).then_some("number");
    html! {
        table {
            thead { tr { @for (column, cell) in table.header.iter().enumerate() { th scope="col" class=[class(column)] { (cell) } } } }
            tbody {
                @for row in &table.rows {
                    tr { @for (column, cell) in row.iter().enumerate() { td class=[class(column)] { (cell) } } }
                }
            }
        }
    }
}
