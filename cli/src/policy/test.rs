//! `policy test`: decision cases, number by number.

use std::path::Path;

use guard_core::policy::cases;

use super::{FINE, WRONG, Wrong, plural, print, text_of};

pub(super) fn run(file: &Path) -> Result<u8, Wrong> {
    let report = cases::run(&text_of(file)?)
        .map_err(|error| Wrong { message: format!("{}: {error}", file.display()), code: WRONG })?;
    let [decide, account, recheck] =
        [(report.decide, "decision"), (report.account_guard, "account choice"), (report.recheck, "re-check")]
            .map(|(count, what)| plural(count, what));
    let run = format!("{decide}, {account} and {recheck}");
    let mismatches: String = report.mismatches.iter().map(|mismatch| format!("{mismatch}\n")).collect();
    let (verdict, code) = match report.mismatches.len() {
        0 => (format!("{run} agree"), FINE),
        count => (format!("{} in {run}", plural(count, "mismatch").replace("mismatchs", "mismatches")), WRONG),
    };
    print(&format!("{mismatches}{verdict}\n"))?;
    Ok(code)
}
