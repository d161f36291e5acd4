//! Numbers and times as people read them.

use guard_core::judge::Metric;
use jiff::Timestamp;

/// With a comma between thousands.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How many there are of something.
pub(crate) fn number(of: usize) -> String {
    count(of as u64)
}

/// A share of mails in percent: bounces to a tenth, complaints to a thousandth, rounded half up.
pub(crate) fn rate(metric: Metric, ppm: Option<u64>) -> String {
    let (decimals, step) = match metric {
        Metric::Bounce => (1, 1_000),
        Metric::Complaint => (3, 10),
    };
    let Some(ppm) = ppm else { return "–".to_owned() };
    let steps = ppm.saturating_add(step / 2) / step;
    let one = 10_000 / step;
    format!("{}.{:0decimals$} %", steps / one, steps % one)
}

/// A share in whole percent, rounded down: 99.9 % is not yet all.
pub(crate) fn percent(ppm: u64) -> String {
    format!("{} %", count(ppm / 10_000))
}

/// In UTC, to the minute.
pub(crate) fn time(at: Timestamp) -> String {
    at.strftime("%a %-d %b %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_the_decimals_that_matter() {
        for (metric, ppm, text) in [
            (Metric::Bounce, None, "–"),
            (Metric::Bounce, Some(0), "0.0 %"),
            (Metric::Bounce, Some(49_949), "5.0 %"),
            (Metric::Complaint, Some(1_000), "0.100 %"),
            (Metric::Complaint, Some(5), "0.001 %"),
        ] {
            assert_eq!(rate(metric, ppm), text, "{metric} {ppm:?}");
        }
    }

    #[test]
    fn nearly_all_is_not_all() {
        for (ppm, text) in [(0, "0 %"), (999_999, "99 %"), (1_000_000, "100 %"), (12_345_670_000, "1,234,567 %")] {
            assert_eq!(percent(ppm), text);
        }
    }
}
