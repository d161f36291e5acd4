//! Numbers and times as people read them.

use guard_core::judge::Metric;
use guard_core::notice::sentence;
pub(crate) use guard_core::notice::sentence::grouped as count;
use jiff::Timestamp;

/// How many there are of something.
pub(crate) fn number(of: usize) -> String {
    count(of as u64)
}

/// A share of mails in percent: bounces to a tenth, complaints to a thousandth, rounded half up.
pub(crate) fn rate(metric: Metric, ppm: Option<u64>) -> String {
    ppm.and_then(|ppm| sentence::rate(metric, ppm, 1_000_000)).unwrap_or_else(|| "–".to_owned())
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
