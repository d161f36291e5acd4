//! Single values: each from what an operator wrote, or what to write instead.

use jiff::civil::Date;
use jiff::{Span, SpanRelativeTo, Unit};

use super::tree::Node;
use crate::policy::{Mode, PauseThrough, Ppm};
use crate::time::BUCKET_SECONDS;

const SECONDS_OF: [(&str, i64); 3] = [("day", 86_400), ("hour", 3_600), ("minute", 60)];

/// A share: `"5 %"`, or `"500 ppm"`. A bare number is refused, since `0.05` and `5` could both be meant.
pub(super) fn share(node: &Node) -> Result<Ppm, String> {
    let text = match node {
        Node::Text(text) => text.trim(),
        Node::Whole(number) => return Err(format!("a share needs its unit; write \"{number} %\"")),
        Node::Decimal(number) => {
            let meant = number.parse::<f64>().ok().filter(|share| (0.0..1.0).contains(share));
            let as_share = meant.map_or(String::new(), |share| {
                format!(", or \"{} %\" if you mean that share of 1", (share * 1e6).round() / 1e4)
            });
            return Err(format!("a share needs its unit; write \"{number} %\"{as_share}"));
        }
        Node::Truth(_) | Node::Date(_) | Node::List(_) | Node::Table(_) => {
            return Err(wrong(node, "a share", "\"5 %\""));
        }
    };
    let (number, decimals) = if let Some(number) = text.strip_suffix('%') {
        (number.trim_end(), 4)
    } else if let Some(number) = text.strip_suffix("ppm") {
        (number.trim_end(), 0)
    } else {
        return Err(match text.split_whitespace().next().filter(|number| fixed(number, 4).is_some()) {
            Some(number) => format!("a share needs its unit; write \"{number} %\""),
            None => format!("{text:?} is not a share; write one like \"5 %\" or \"0.05 %\""),
        });
    };
    if let Some(point) = number.contains(',').then(|| number.replace(',', ".")) {
        return Err(format!("write the decimals behind a point: \"{point} %\""));
    }
    let Some(ppm) = fixed(number, decimals) else {
        let finest = "of at most 4 decimals, such as \"5 %\" or \"0.0001 %\"";
        return Err(format!("{text:?} is not a share; write a percentage {finest}"));
    };
    let all = u32::try_from(ppm).ok().and_then(|ppm| Ppm::try_from(ppm).ok());
    all.ok_or_else(|| format!("{text} is more than everything; write at most \"100 %\""))
}

/// Digits with at most so many decimals, as a whole number of the last of them.
fn fixed(number: &str, decimals: usize) -> Option<u64> {
    let (whole, part) = number.split_once('.').map_or((number, None), |(whole, part)| (whole, Some(part)));
    let part = part.unwrap_or_default();
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let fits = !whole.is_empty() && part.len() <= decimals && digits(whole) && digits(part) && !number.ends_with('.');
    fits.then(|| format!("{whole}{part:0<decimals$}").parse().ok()).flatten()
}

/// A length of time in buckets: `"7 days"`, `"36 hours"`, `"1 day 12 hours"`.
pub(super) fn buckets(node: &Node) -> Result<u32, String> {
    let seconds = seconds(node, "\"7 days\" or \"36 hours\"")?;
    if seconds % BUCKET_SECONDS != 0 {
        return Err("mails are counted in quarters of an hour; write a multiple of 15 minutes".to_owned());
    }
    match u32::try_from(seconds / BUCKET_SECONDS) {
        Ok(0) => Err("too short: nothing would be looked at; write at least \"15 minutes\"".to_owned()),
        Ok(buckets) => Ok(buckets),
        Err(_) => Err("far too long; write days".to_owned()),
    }
}

/// A length of time in seconds: `"10 minutes"`.
pub(super) fn wait(node: &Node) -> Result<u32, String> {
    let seconds = seconds(node, "\"10 minutes\"")?;
    u32::try_from(seconds).map_err(|_| "far too long; write minutes or hours".to_owned())
}

fn seconds(node: &Node, such_as: &str) -> Result<i64, String> {
    let text = match node {
        Node::Text(text) => text.trim(),
        Node::Whole(number) => return Err(format!("a time needs its unit; write {such_as}, not {number}")),
        Node::Decimal(_) | Node::Truth(_) | Node::Date(_) | Node::List(_) | Node::Table(_) => {
            return Err(wrong(node, "a length of time", such_as));
        }
    };
    let not_one = || format!("{text:?} is not a length of time; write one like {such_as}");
    let span: Span = text.parse().map_err(|_| not_one())?;
    if span.get_years() != 0 || span.get_months() != 0 {
        return Err("months and years differ in length; write days".to_owned());
    }
    let seconds = span.total((Unit::Second, SpanRelativeTo::days_are_24_hours())).map_err(|_| not_one())?;
    if !(0.0..=1e12).contains(&seconds) || seconds.fract() != 0.0 {
        return Err(not_one());
    }
    #[expect(clippy::cast_possible_truncation, reason = "a whole number below 1e12")]
    Ok(seconds as i64)
}

/// As an operator would write it: in the largest units, `7 days`, `1 day 12 hours`.
pub(super) fn spelled(seconds: i64) -> String {
    let (mut rest, mut parts) = (seconds, Vec::new());
    for (unit, length) in SECONDS_OF {
        let count = rest / length;
        rest %= length;
        if count > 0 {
            parts.push(format!("{count} {unit}{}", if count == 1 { "" } else { "s" }));
        }
    }
    if parts.is_empty() { format!("{seconds} seconds") } else { parts.join(" ") }
}

/// A number of mails, failures or sets.
pub(super) fn count(node: &Node) -> Result<u64, String> {
    match node {
        Node::Whole(number) => {
            u64::try_from(*number).map_err(|_| "must not be negative; write 0 or a number above".to_owned())
        }
        Node::Text(text) => Err(match text.replace([',', '_', ' '], "").parse::<u64>() {
            Ok(number) => format!("write the number without quotation marks: {}", underscored(number)),
            Err(_) => wrong(node, "a whole number", "10"),
        }),
        Node::Decimal(_) | Node::Truth(_) | Node::Date(_) | Node::List(_) | Node::Table(_) => {
            Err(wrong(node, "a whole number", "10"))
        }
    }
}

/// A number of failures.
pub(super) fn small_count(node: &Node) -> Result<u32, String> {
    u32::try_from(count(node)?).map_err(|_| format!("too large; write at most {}", underscored(u32::MAX.into())))
}

pub(super) fn truth(node: &Node) -> Result<bool, String> {
    match node {
        Node::Truth(truth) => Ok(*truth),
        Node::Text(text) if ["true", "false"].contains(&text.as_str()) => {
            Err(format!("write {text} without quotation marks"))
        }
        Node::Text(_) | Node::Whole(_) | Node::Decimal(_) | Node::Date(_) | Node::List(_) | Node::Table(_) => {
            Err(wrong(node, "true or false", "true"))
        }
    }
}

pub(super) fn text(node: &Node) -> Result<String, String> {
    match node {
        Node::Text(text) => Ok(text.clone()),
        Node::Whole(_) | Node::Decimal(_) | Node::Truth(_) | Node::Date(_) | Node::List(_) | Node::Table(_) => {
            Err(wrong(node, "a text", "\"…\""))
        }
    }
}

pub(super) fn mode(node: &Node) -> Result<Mode, String> {
    let words = [("enforce", Mode::Enforce), ("observe", Mode::Observe)];
    one_of(node, words, "write \"enforce\" (the guard pauses) or \"observe\" (it only says so)")
}

pub(super) fn pause_through(node: &Node) -> Result<PauseThrough, String> {
    let words = [("configuration-set", PauseThrough::ConfigurationSet), ("tenant", PauseThrough::Tenant)];
    one_of(node, words, "write \"configuration-set\" (its own switch is turned) or \"tenant\" (its tenant is disabled)")
}

fn one_of<T>(node: &Node, words: [(&str, T); 2], write: &str) -> Result<T, String> {
    let written = text(node).ok();
    let found = words.into_iter().find(|(word, _)| written.as_deref() == Some(*word));
    found.map(|(_, meant)| meant).ok_or_else(|| write.to_owned())
}

/// A day: `2026-12-31`, with or without quotation marks.
pub(super) fn date(node: &Node) -> Result<Date, String> {
    let text = match node {
        Node::Text(text) | Node::Date(text) => text,
        Node::Whole(_) | Node::Decimal(_) | Node::Truth(_) | Node::List(_) | Node::Table(_) => {
            return Err(wrong(node, "a day", "2026-12-31"));
        }
    };
    let date = (text.len() == 10).then(|| text.parse().ok()).flatten();
    date.ok_or_else(|| format!("{text:?} is not a day; write one like 2026-12-31, without a time"))
}

pub(super) fn wrong(node: &Node, wanted: &str, such_as: &str) -> String {
    format!("this is {}; write {wanted}, such as {such_as}", node.kind())
}

/// As TOML allows it: 10_000.
pub(super) fn underscored(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&[u8]> = digits.as_bytes().rchunks(3).rev().collect();
    String::from_utf8_lossy(&groups.join(&b'_')).into_owned()
}
