//! Numbers and times as people read them.

pub(crate) use guard_core::notice::sentence::grouped as count;
use guard_core::policy::Line;
use jiff::Timestamp;

/// Stands for what there is none of.
pub(crate) const NONE: &str = "–";

/// How exactly a share is shown: bounces are a matter of percents, complaints of tenths of a per mille.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Share {
    Bounce,
    Complaint,
}

/// In percent, rounded half up, as in the guard's own sentences; what is not nothing is not shown as 0.
pub(crate) fn share(of: Share, ppm: Option<u64>) -> String {
    let (decimals, step) = match of {
        Share::Bounce => (1, 1_000),
        Share::Complaint => (3, 10),
    };
    let Some(ppm) = ppm else { return NONE.to_owned() };
    let steps = ppm.saturating_add(step / 2) / step;
    let percent = |steps: u64| {
        let one = 10_000 / step;
        format!("{}.{:0decimals$} %", steps / one, steps % one)
    };
    if ppm > 0 && steps == 0 { format!("<{}", percent(1)) } else { percent(steps) }
}

/// `10 + 5 %`
pub(crate) fn line(line: Line) -> String {
    format!("{} + {}", count(line.slack.into()), line.rate_ppm)
}

/// In UTC, to the second.
pub(crate) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_has_the_decimals_that_matter() {
        for (of, ppm, text) in [
            (Share::Bounce, None, "–"),
            (Share::Bounce, Some(0), "0.0 %"),
            (Share::Bounce, Some(1), "<0.1 %"),
            (Share::Bounce, Some(499), "<0.1 %"),
            (Share::Bounce, Some(500), "0.1 %"),
            (Share::Bounce, Some(79_032), "7.9 %"),
            (Share::Bounce, Some(79_500), "8.0 %"),
            (Share::Bounce, Some(1_000_000), "100.0 %"),
            (Share::Bounce, Some(u64::MAX), "1844674407370955.1 %"),
            (Share::Complaint, None, "–"),
            (Share::Complaint, Some(0), "0.000 %"),
            (Share::Complaint, Some(4), "<0.001 %"),
            (Share::Complaint, Some(5), "0.001 %"),
            (Share::Complaint, Some(806), "0.081 %"),
            (Share::Complaint, Some(1_000), "0.100 %"),
        ] {
            assert_eq!(share(of, ppm), text, "{of:?} {ppm:?}");
        }
    }

    #[test]
    fn a_line_is_slack_and_rate() {
        let line_of = |ppm: u32, slack| line(Line { rate_ppm: ppm.try_into().unwrap(), slack });
        assert_eq!(line_of(50_000, 10), "10 + 5 %");
        assert_eq!(line_of(500, 1_005), "1,005 + 0.05 %");
    }

    #[test]
    fn thousands_are_set_apart() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), text);
        }
    }

    #[test]
    fn a_time_is_shown_to_the_second() {
        assert_eq!(time("2026-11-20T09:14:02.918+01:00".parse().unwrap()), "2026-11-20 08:14:02");
    }
}
