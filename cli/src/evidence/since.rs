//! When it began, as a person says it.

use guard_core::time::plus_seconds;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// An instant, or how long ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Since {
    At(Timestamp),
    Ago { seconds: i64 },
}

impl Since {
    pub(super) fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago { seconds } => plus_seconds(now, -seconds),
        }
    }
}

/// A day in UTC, an instant, or a number of days or hours.
pub(super) fn parse(text: &str) -> Result<Since, String> {
    let ago = |unit: char, seconds: i64| {
        let count: u32 = text.strip_suffix(unit)?.parse().ok()?;
        (count > 0).then_some(Since::Ago { seconds: i64::from(count) * seconds })
    };
    let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|day| Since::At(day.timestamp()));
    let instant = || text.parse().ok().map(Since::At);
    let day = || (text.len() == "2026-11-18".len()).then(day).flatten();
    ago('d', 86_400).or_else(|| ago('h', 3_600)).or_else(day).or_else(instant).ok_or_else(|| {
        "must be a day (2026-11-18), an instant (2026-11-18T06:00:00Z), or so long ago (14d, 36h)".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_a_day_an_instant_or_so_long_ago() {
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        for (text, since) in [
            ("2026-11-18", Some("2026-11-18T00:00:00Z")),
            ("2026-11-18T06:00:00Z", Some("2026-11-18T06:00:00Z")),
            ("2026-11-18T06:00:00+01:00", Some("2026-11-18T05:00:00Z")),
            ("2d", Some("2026-11-18T12:00:00Z")),
            ("36h", Some("2026-11-19T00:00:00Z")),
            ("0d", None),
            ("-1d", None),
            ("2 d", None),
            ("d", None),
            ("yesterday", None),
            ("2026-11-18T06:00", None),
            ("2026-13-18", None),
            ("", None),
        ] {
            let parsed = parse(text).ok().map(|since| since.before(now).to_string());
            assert_eq!(parsed.as_deref(), since, "{text}");
        }
    }
}
