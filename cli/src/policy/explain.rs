//! `policy explain`: what the figures of a policy mean.

mod chances;
mod numbers;
mod thresholds;

use std::path::Path;

use comfy_table::{Cell, CellAlignment, ColumnConstraint, Table, presets};
use guard_core::judge::Metric;
use guard_core::name::ConfigurationSetName;
use guard_core::policy::{Mode, PauseThrough, Policy, PolicyBook, Profile, SetPolicy};
use jiff::Timestamp;

use self::numbers::{buckets, count, line};
use super::{FINE, PolicyFile, Wrong, check, plot, print};

pub(super) const METRICS: [(Metric, &str); 2] = [(Metric::Bounce, "bounces"), (Metric::Complaint, "complaints")];

pub(super) fn run(file: &PolicyFile, set: Option<&ConfigurationSetName>, svg: Option<&Path>) -> Result<u8, Wrong> {
    let book = check::sound(file)?;
    let (text, profiles) = match set {
        Some(set) => one_set(&book, set, file.now()),
        None => all_profiles(&book),
    };
    print(&text)?;
    if let Some(svg) = svg {
        let drawn = plot::thresholds(&profiles).map_err(|error| Wrong::usage(format!("cannot draw: {error}")))?;
        std::fs::write(svg, drawn).map_err(|error| Wrong::usage(format!("cannot write {}: {error}", svg.display())))?;
    }
    Ok(FINE)
}

fn one_set(book: &PolicyBook, set: &ConfigurationSetName, now: Timestamp) -> (String, Vec<Profile>) {
    let found = book.for_set(set, now);
    let assigned = assigned(set, &found);
    let profile = Profile { name: found.profile, policy: found.policy };
    (format!("{assigned}\n{}{}", heading(&profile), body(&profile.policy)), vec![profile])
}

/// By which rule, and what is done when it is over.
fn assigned(set: &ConfigurationSetName, found: &SetPolicy) -> String {
    let rule = match &found.rule {
        Some(rule) => format!("assigned by {:?} in line {}", rule.pattern, rule.line),
        None => "no rule names it".to_owned(),
    };
    let mode = match (&found.exempt, found.mode) {
        (Some(exempt), _) => format!("exempt until the end of {} (UTC): {}", exempt.expires, exempt.reason),
        (None, Mode::Enforce) => "enforce: it is paused".to_owned(),
        (None, Mode::Observe) => "observe: it is only said that it would be paused".to_owned(),
    };
    let senders = found.senders.as_ref().map_or(String::new(), |senders| {
        let names: Vec<&str> = senders.patterns().collect();
        let others = if senders.is_strict() { "mail of others does not count for it" } else { "others are told of" };
        format!("senders {}: {others}\n", names.join(", "))
    });
    format!("configuration set {set}: {rule}\nmode {mode}\n{senders}")
}

fn all_profiles(book: &PolicyBook) -> (String, Vec<Profile>) {
    let profiles: Vec<Profile> = book.profiles_in_use().cloned().collect();
    let mut text = format!("mode {}, unless a rule says otherwise\n", book.mode().as_str());
    for (index, profile) in profiles.iter().enumerate() {
        let named = book.rules().filter(|rule| *rule.profile == profile.name).map(|rule| rule.pattern);
        let sets: Vec<&str> = named.chain((index == 0).then_some("every set that no rule names")).collect();
        text.push_str(&format!("\n{}  judges: {}\n", heading(profile), sets.join(", ")));
        text.push_str(&body(&profile.policy));
    }
    (text, profiles)
}

fn heading(profile: &Profile) -> String {
    format!("PROFILE {}\n", profile.name)
}

fn body(policy: &Policy) -> String {
    [figures(policy), thresholds::text(policy), chances::text(policy)].concat()
}

/// The lines as they are drawn, and what else is set.
fn figures(policy: &Policy) -> String {
    let mut text = String::new();
    for (metric, name) in METRICS {
        text.push_str(&format!(
            "  {name}: paused at {}, warned at {}, on trial paused at {}\n",
            line(policy.effective_line(metric, false)),
            line(policy.effective_warn_line(metric)),
            line(policy.effective_line(metric, true)),
        ));
    }
    text.push_str(&format!(
        "  window {}; on trial after a resume for {} mails or {}, whichever ends first\n",
        buckets(policy.window_buckets),
        count(policy.trial_sends),
        buckets(policy.trial_buckets)
    ));
    if policy.complaint_coverage_ppm.get() < 1_000_000 {
        text.push_str(&format!(
            "  complaint coverage {}: the complaint rates above are that share of those written\n",
            policy.complaint_coverage_ppm
        ));
    }
    if policy.scale_slack {
        text.push_str(
            "  the slack grows to the root of the failures that the rate allows in the window: the chances below \"in … \
             mails\"\n  are of a set with that many in its window, the other figures of one with few\n",
        );
    }
    match policy.pause_through {
        PauseThrough::ConfigurationSet => {}
        PauseThrough::Tenant => text.push_str(
            "  paused through its tenant of SES, which stops all of that tenant's mail; by its own switch where it belongs to \
             none,\n  to several, or to one that is disabled already\n",
        ),
    }
    text
}

/// Columns without lines between them; all but the first are numbers.
fn table(header: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty();
    table.set_header(header.iter().map(Cell::new));
    table.add_rows(rows);
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((2, 0)).set_constraint(ColumnConstraint::ContentWidth);
        if index > 0 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_set_is_told_its_rule_its_mode_and_its_exemption() {
        let text = "mode = 'observe'\n[[assign]]\nsets = ['vip-*']\nmode = 'enforce'\n\
                    [[exempt]]\nsets = 'vip-1'\nreason = 'import'\nexpires = 2026-11-20\n";
        let book = PolicyBook::read(text).unwrap();
        let cases =
            [("vip-1", "2026-11-20T23:59:59Z"), ("vip-1", "2026-11-21T00:00:00Z"), ("other", "2026-11-20T00:00:00Z")];
        let told = cases.map(|(set, now)| {
            let set = set.parse().unwrap();
            assigned(&set, &book.for_set(&set, now.parse().unwrap()))
        });
        insta::assert_snapshot!(told.concat(), @r#"
        configuration set vip-1: assigned by "vip-*" in line 3
        mode exempt until the end of 2026-11-20 (UTC): import
        configuration set vip-1: assigned by "vip-*" in line 3
        mode enforce: it is paused
        configuration set other: no rule names it
        mode observe: it is only said that it would be paused
        "#);
    }
    #[test]
    fn it_is_said_that_a_pause_stops_a_whole_tenant() {
        let told = |through| figures(&Policy { pause_through: through, ..Policy::default() });
        assert!(told(PauseThrough::Tenant).contains("paused through its tenant of SES"));
        assert!(!told(PauseThrough::ConfigurationSet).contains("tenant"));
    }
}
