//! The policy file in tables.

mod figures;
mod properties;
mod rules;
mod slips;
mod sound;
mod values;

use super::*;
use crate::name::ConfigurationSetName;
use crate::policy::{AccountPolicy, Line, MetricPolicy, Policy, Ppm, SetPolicy};

const NOW: &str = "2026-11-20T09:14:02Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// Every problem of a text, one a line.
fn told(text: &str) -> String {
    check(text, now()).problems.iter().map(|problem| format!("{problem}\n")).collect()
}

/// Of several texts, each with what it is answered with.
fn each(texts: &[&str]) -> String {
    texts.iter().map(|text| format!("{text}\n{}\n", told(text))).collect()
}

fn book(text: &str) -> PolicyBook {
    let checked = check(text, now());
    checked.book.unwrap_or_else(|| panic!("{:?}", checked.problems))
}

fn set(name: &str) -> ConfigurationSetName {
    name.parse().unwrap()
}

fn ppm(ppm: u32) -> Ppm {
    ppm.try_into().unwrap()
}
