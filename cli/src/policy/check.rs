//! `policy check`: `file:line:column: error: …`, as compilers say it, so that editors find the place.

use std::path::Path;

use guard_core::policy::PolicyBook;
use guard_core::policy::file::{Checked, Severity};

use super::{FINE, PolicyFile, WRONG, Wrong, plural, print};

pub(super) fn run(file: &PolicyFile) -> Result<u8, Wrong> {
    let checked = file.checked()?;
    let warnings = count(&checked, Severity::Warning);
    let verdict = match &checked.book {
        Some(book) => format!("{}: OK, {}{}\n", shown(&file.file), contents(book), also(warnings)),
        None => {
            let errors = plural(count(&checked, Severity::Error), "error");
            format!("{}: {errors}{}; the policy cannot be used\n", shown(&file.file), also(warnings))
        }
    };
    print(&format!("{}{verdict}", listed(&checked, &file.file)))?;
    Ok(if checked.book.is_some() { FINE } else { WRONG })
}

/// The policy of a file that must be sound; else what is wrong with it.
pub(super) fn sound(file: &PolicyFile) -> Result<PolicyBook, Wrong> {
    let checked = file.checked()?;
    let listed = listed(&checked, &file.file);
    let message = format!("the policy cannot be used:\n{}", listed.trim_end());
    checked.book.ok_or(Wrong { message, code: WRONG })
}

fn listed(checked: &Checked, file: &Path) -> String {
    checked.problems.iter().map(|problem| format!("{}:{problem}\n", shown(file))).collect()
}

fn shown(file: &Path) -> String {
    if file == Path::new("-") { "<stdin>".to_owned() } else { file.display().to_string() }
}

fn count(checked: &Checked, severity: Severity) -> usize {
    checked.problems.iter().filter(|problem| problem.severity == severity).count()
}

fn also(warnings: usize) -> String {
    if warnings == 0 { String::new() } else { format!(", {}", plural(warnings, "warning")) }
}

fn contents(book: &PolicyBook) -> String {
    let built_in = PolicyBook::default();
    let own =
        book.profiles().filter(|profile| built_in.profiles().all(|built_in| built_in.name != profile.name)).count();
    format!("{} of its own, {} assigned", plural(own, "profile"), plural(book.rules().count(), "pattern"))
}
