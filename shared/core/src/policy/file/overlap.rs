//! Rules that get in one another's way. The first match wins, so a special rule belongs above a general one; what can
//! never match, and what two rules both claim, is an error.

use super::problem::Problems;
use super::rules::Assigned;
use crate::policy::pattern::{Pattern, Witness, witness};

/// Steps of one pattern by one character: some ten milliseconds.
const EFFORT: usize = 500_000;

/// Compares all rules with one another.
pub(super) fn check(rules: &[Assigned], problems: &mut Problems<'_>) {
    let mut effort = EFFORT;
    for (index, rule) in rules.iter().enumerate() {
        let earlier = rules.get(..index).unwrap_or_default();
        let reached = if rule.pattern.value.is_exact() {
            exact(rule, earlier, problems)
        } else {
            wildcards(rule, earlier, &mut effort, problems)
        };
        if reached {
            contradicted(rule, earlier, &mut effort, problems);
        }
        if effort == 0 {
            let message =
                "too many wildcards to compare every rule with every other; overlaps may go unnoticed from here";
            problems.warning(rule.pattern.at, message);
            return;
        }
    }
}

/// Whether a rule for one name can be reached.
fn exact(rule: &Assigned, earlier: &[Assigned], problems: &mut Problems<'_>) -> bool {
    let name = rule.pattern.value.as_str();
    let Some(first) = earlier.iter().find(|first| first.pattern.value.matches_text(name)) else { return true };
    unreachable(rule, first, problems);
    false
}

/// Whether a rule with wildcards can be reached.
fn wildcards(rule: &Assigned, earlier: &[Assigned], effort: &mut usize, problems: &mut Problems<'_>) -> bool {
    let near: Vec<&Assigned> =
        earlier.iter().filter(|first| may_meet(&first.pattern.value, &rule.pattern.value)).collect();
    let covers = |first: &&&Assigned, effort: &mut usize| {
        witness(&[&rule.pattern.value], &[&first.pattern.value], effort) == Witness::Nobody
    };
    if let Some(first) = near.iter().find(|first| covers(first, effort)) {
        unreachable(rule, first, problems);
        return false;
    }
    let together: Vec<&Pattern> = near.iter().map(|first| &first.pattern.value).collect();
    if together.len() > 1 && witness(&[&rule.pattern.value], &together, effort) == Witness::Nobody {
        problems.error(
            rule.pattern.at,
            format!("the rules above leave nothing to {:?}; move it up or delete it", rule.pattern.value.as_str()),
        );
        return false;
    }
    true
}

fn unreachable(rule: &Assigned, first: &Assigned, problems: &mut Problems<'_>) {
    let (this, that, line) =
        (rule.pattern.value.as_str(), first.pattern.value.as_str(), problems.line(first.pattern.at));
    let message = if this == that {
        format!("{this:?} is assigned already, in line {line}; delete one of the two")
    } else if rule.rule == first.rule {
        format!("{this:?} is part of {that:?} in the same rule; delete it")
    } else {
        format!("{this:?} is never reached: {that:?} in line {line} matches it first; move it above that line")
    };
    problems.error(rule.pattern.at, message);
}

/// Two rules that share some names, neither being the more special, and that say different things of them.
fn contradicted(rule: &Assigned, earlier: &[Assigned], effort: &mut usize, problems: &mut Problems<'_>) {
    let this = &rule.pattern.value;
    for (index, first) in earlier.iter().enumerate() {
        let that = &first.pattern.value;
        let same = (first.profile, first.mode, &first.senders) == (rule.profile, rule.mode, &rule.senders);
        if same || this.is_exact() || that.is_exact() || !may_meet(this, that) {
            continue;
        }
        if witness(&[that], &[this], effort) == Witness::Nobody {
            continue;
        }
        let above = earlier.get(..index).unwrap_or_default().iter().map(|above| &above.pattern.value);
        let above: Vec<&Pattern> = above.filter(|above| may_meet(above, this) && may_meet(above, that)).collect();
        if let Witness::Name(name) = witness(&[this, that], &above, effort) {
            let line = problems.line(first.pattern.at);
            problems.error(
                rule.pattern.at,
                format!(
                    "{:?} and {:?} in line {line} both match {name:?} and assign it differently; add a rule above both \
                     that says which is meant, such as sets = [{name:?}]",
                    this.as_str(),
                    that.as_str()
                ),
            );
        }
    }
}

/// `false` when the patterns begin or end with different characters: they share no name. Cheap, and true of most.
fn may_meet(one: &Pattern, other: &Pattern) -> bool {
    let wild = |character: &char| matches!(character, '*' | '?');
    let agree = |one: &mut dyn Iterator<Item = char>, other: &mut dyn Iterator<Item = char>| {
        one.take_while(|character| !wild(character))
            .zip(other.take_while(|character| !wild(character)))
            .all(|(one, other)| one == other)
    };
    let (one, other) = (one.as_str(), other.as_str());
    agree(&mut one.chars(), &mut other.chars()) && agree(&mut one.chars().rev(), &mut other.chars().rev())
}
