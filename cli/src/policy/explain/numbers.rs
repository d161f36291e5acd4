//! Numbers as people read them.

use guard_core::policy::Line;
use guard_core::time::BUCKET_SECONDS;

/// With a comma between thousands.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&[u8]> = digits.as_bytes().rchunks(3).rev().collect();
    String::from_utf8_lossy(&groups.join(&b',')).into_owned()
}

/// `10 + 5 %`
pub(super) fn line(line: Line) -> String {
    format!("{} + {}", count(line.slack.into()), line.rate_ppm)
}

/// `7 days`, `1 day 12 h 15 min`
pub(super) fn buckets(buckets: u32) -> String {
    let minutes = i64::from(buckets) * BUCKET_SECONDS / 60;
    let (days, hours, minutes) = (minutes / 1_440, minutes / 60 % 24, minutes % 60);
    let parts = [
        (days > 0).then(|| format!("{days} day{}", if days == 1 { "" } else { "s" })),
        (hours > 0).then(|| format!("{hours} h")),
        (minutes > 0).then(|| format!("{minutes} min")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// A share with three digits that count, as a percentage: `5.1 %`, `0.101 %`.
pub(super) fn share(part: u64, whole: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let percent = part as f64 * 100.0 / whole as f64;
    format!("{} %", digits(percent))
}

/// A probability: as a percentage, or as a power of ten when it is small.
pub(super) fn chance(chance: f64) -> String {
    match chance {
        chance if chance >= 0.995 => "~100 %".to_owned(),
        chance if chance >= 0.000_95 => format!("{} %", two_digits(chance * 100.0)),
        chance if chance < 1e-15 => "0".to_owned(),
        chance => format!("{chance:.1e}"),
    }
}

fn two_digits(percent: f64) -> String {
    match percent {
        percent if percent >= 9.5 => format!("{percent:.0}"),
        percent if percent >= 0.95 => format!("{percent:.1}"),
        percent => format!("{percent:.2}"),
    }
}

/// Three digits that count, without zeros at the end.
fn digits(number: f64) -> String {
    let decimals = match number {
        number if number >= 100.0 => 0,
        number if number >= 10.0 => 1,
        number if number >= 1.0 => 2,
        number if number >= 0.1 => 3,
        _ => 4,
    };
    let text = format!("{number:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_short_as_they_can_be() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([1, 96, 672, 149].map(buckets), ["15 min", "1 day", "7 days", "1 day 13 h 15 min"]);
        let shares = [(15, 100), (60, 1_000), (50_010, 1_000_000), (7, 1_000), (10_005, 10_000_000)];
        assert_eq!(shares.map(|(part, whole)| share(part, whole)), ["15 %", "6 %", "5 %", "0.7 %", "0.1 %"]);
        let chances = [0.0, 4.8e-10, 1.4e-5, 0.001_5, 0.007, 0.069, 0.36, 0.994, 0.999];
        assert_eq!(
            chances.map(chance),
            ["0", "4.8e-10", "1.4e-5", "0.15 %", "0.70 %", "6.9 %", "36 %", "99 %", "~100 %"]
        );
    }
}
