//! What SES says of its tenants on EventBridge's default bus: their status, and what its advisor finds of them.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::home::Home;
use crate::line::has_no_place;
use crate::tenant::{SendingStatus, Tenant};

/// SES's own limit of a status's cause.
const LONGEST_TEXT: usize = 512;
/// Longer than AWS's words for types and impacts.
const LONGEST_WORD: usize = 32;

/// Something that AWS said of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantEvent {
    /// Where the tenant is.
    pub home: Home,
    /// The tenant.
    pub tenant: Tenant,
    /// When it became so. Events come out of order.
    pub at: Timestamp,
    /// What.
    pub word: TenantWord,
}

/// What was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TenantWord {
    /// One of its two statuses changed.
    Status {
        /// Which.
        origin: Origin,
        /// To what.
        status: SendingStatus,
        /// AWS's reason.
        cause: Option<String>,
    },
    /// AWS found something, or no longer does.
    Finding {
        /// `BOUNCE`, `COMPLAINT`, and whatever AWS may add.
        kind: String,
        /// `LOW` or `HIGH`.
        impact: String,
        /// Whether it holds.
        open: bool,
        /// AWS's sentence.
        sentence: String,
    },
}

/// Whose status it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The customer's.
    Customer,
    /// AWS's.
    Aws,
}

impl TenantEvent {
    /// Whether this is the `detail-type` of such an event. AWS's guide closes a finding as `Closed`, EventBridge's reference
    /// as `Resolved`.
    pub fn is_one(detail_type: &str) -> bool {
        is_status(detail_type) || is_open(detail_type).is_some()
    }

    /// Reads an event. `Err` says why it is none that concerns a tenant. Fields that are not known are left alone.
    pub fn read(event: &Value) -> Result<Self, &'static str> {
        let text = |pointer| event.pointer(pointer).and_then(Value::as_str);
        if text("/source") != Some("aws.ses") {
            return Err("an event of another service");
        }
        // Findings are about identities, too, and those may be addresses.
        let (home, tenant) = text("/resources/0").and_then(tenant_of).ok_or("it is about no tenant")?;
        if text("/account") != Some(home.account.as_str()) || text("/region") != Some(home.region.as_str()) {
            return Err("its tenant is in another account or Region than the event");
        }
        let time: Timestamp = text("/time").and_then(|time| time.parse().ok()).ok_or("it has no time")?;
        let detail_type = text("/detail-type").unwrap_or_default();
        if let Some(open) = is_open(detail_type) {
            let word = |pointer| text(pointer).and_then(word).unwrap_or("OTHER").to_owned();
            let sentence = text("/detail/data").and_then(line).unwrap_or_else(|| "AWS gives no reason.".to_owned());
            let (kind, impact) = (word("/detail/metadata/type"), word("/detail/metadata/impact"));
            return Ok(Self { home, tenant, at: time, word: TenantWord::Finding { kind, impact, open, sentence } });
        }
        if !is_status(detail_type) {
            return Err("an event of another kind");
        }
        let origin = match text("/detail/data/origin") {
            Some("CUSTOMER_MANAGED") => Origin::Customer,
            Some("AWS_MANAGED") => Origin::Aws,
            Some(_) | None => return Err("nobody knows whose status it is"),
        };
        let status = match text("/detail/data/record/status") {
            Some("ENABLED") => SendingStatus::Enabled,
            Some("DISABLED") => SendingStatus::Disabled,
            Some("REINSTATED") => SendingStatus::Reinstated,
            Some(_) | None => return Err("its status is none that is known"),
        };
        let cause = text("/detail/data/record/cause").and_then(line);
        let at = event.pointer("/detail/data/record/lastUpdatedTimestamp").and_then(updated).unwrap_or(time);
        Ok(Self { home, tenant, at, word: TenantWord::Status { origin, status, cause } })
    }
}

fn is_status(detail_type: &str) -> bool {
    matches!(detail_type, "Sending Status Enabled" | "Sending Status Disabled")
}

fn is_open(detail_type: &str) -> Option<bool> {
    match detail_type {
        "Advisor Recommendation Status Open" => Some(true),
        "Advisor Recommendation Status Resolved" | "Advisor Recommendation Status Closed" => Some(false),
        _ => None,
    }
}

/// `arn:aws:ses:<region>:<account>:tenant/<name>/<id>`
fn tenant_of(arn: &str) -> Option<(Home, Tenant)> {
    match arn.splitn(6, ':').collect::<Vec<_>>().as_slice() {
        ["arn", _, "ses", region, account, resource] => {
            let home = Home { account: account.parse().ok()?, region: region.parse().ok()? };
            Some((home, resource.strip_prefix("tenant/")?.parse().ok()?))
        }
        _ => None,
    }
}

/// `[2026, 11, 20, 12, 44, 28, 995000000]`, in UTC: as Java writes a local time, without seconds and what is behind them
/// where these are zero.
fn updated(value: &Value) -> Option<Timestamp> {
    let numbers: Vec<i64> = value.as_array()?.iter().map(Value::as_i64).collect::<Option<_>>()?;
    let [year, month, day, hour, minute, rest @ ..] = numbers.as_slice() else { return None };
    let small = |number: &i64| i8::try_from(*number).ok();
    let (second, nanosecond) = match rest {
        [] => (0, 0),
        [second] => (small(second)?, 0),
        [second, nanosecond] => (small(second)?, i32::try_from(*nanosecond).ok()?),
        _ => return None,
    };
    let date = Date::new(i16::try_from(*year).ok()?, small(month)?, small(day)?).ok()?;
    let time = jiff::civil::Time::new(small(hour)?, small(minute)?, second, nanosecond).ok()?;
    date.to_datetime(time).to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// A word of AWS's, such as `HIGH`.
fn word(text: &str) -> Option<&str> {
    let fits = (1..=LONGEST_WORD).contains(&text.len());
    (fits && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')).then_some(text)
}

/// AWS's text on one line. One with an address in it, which none is known to have, is left out whole.
fn line(text: &str) -> Option<String> {
    let line: String = text.trim().chars().filter(|letter| !has_no_place(*letter)).take(LONGEST_TEXT).collect();
    (!line.is_empty() && !line.contains('@')).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DISABLED: &str = include_str!("../../../../events/eventbridge/sending-status-disabled-tenant.json");
    const FINDING: &str = include_str!("../../../../events/eventbridge/advisor-recommendation-open-tenant.json");
    const IDENTITY: &str = include_str!("../../../../events/eventbridge/advisor-recommendation-resolved-identity.json");

    fn with(text: &str, pointer: &str, value: Value) -> Value {
        let mut event: Value = serde_json::from_str(text).unwrap();
        *event.pointer_mut(pointer).unwrap() = value;
        event
    }

    fn as_is(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_status_and_a_finding_are_read_as_aws_writes_them() {
        let read = [DISABLED, FINDING].map(|text| TenantEvent::read(&as_is(text)).unwrap());
        insta::assert_debug_snapshot!(read, @r#"
        [
            TenantEvent {
                home: Home {
                    account: AccountId(
                        "111122223333",
                    ),
                    region: Region(
                        "eu-west-1",
                    ),
                },
                tenant: Tenant {
                    name: "acme-corp",
                    id: "tn-1a2b3c4d5e6f",
                },
                at: 2026-11-20T12:44:28.995Z,
                word: Status {
                    origin: Aws,
                    status: Disabled,
                    cause: Some(
                        "A high impact reputation finding was detected.",
                    ),
                },
            },
            TenantEvent {
                home: Home {
                    account: AccountId(
                        "111122223333",
                    ),
                    region: Region(
                        "eu-west-1",
                    ),
                },
                tenant: Tenant {
                    name: "acme-corp",
                    id: "tn-1a2b3c4d5e6f",
                },
                at: 2026-11-20T12:37:14Z,
                word: Finding {
                    kind: "BOUNCE",
                    impact: "HIGH",
                    open: true,
                    sentence: "The bounce rate exceeded 15.0% based on a representative volume of 664 emails from November 20, 2026 at 10:41 (UTC) to November 20, 2026 at 12:26 (UTC).",
                },
            },
        ]
        "#);
        let resolved =
            |word: &str| with(FINDING, "/detail-type", format!("Advisor Recommendation Status {word}").into());
        for word in ["Closed", "Resolved"] {
            let event = TenantEvent::read(&resolved(word)).unwrap();
            assert!(matches!(event.word, TenantWord::Finding { open: false, .. }), "{word}: {event:?}");
        }
    }

    #[test]
    fn what_is_not_clear_is_no_word_of_a_tenant() {
        for (what, event) in [
            ("a finding about an identity", as_is(IDENTITY)),
            ("another service's", with(DISABLED, "/source", "com.example".into())),
            ("another account's tenant", with(DISABLED, "/account", "444455556666".into())),
            ("another Region's tenant", with(DISABLED, "/region", "us-east-1".into())),
            ("without resources", with(DISABLED, "/resources", Value::Null)),
            (
                "a configuration set",
                with(DISABLED, "/resources/0", "arn:aws:ses:eu-west-1:111122223333:configuration-set/a".into()),
            ),
            ("a new status", with(DISABLED, "/detail/data/record/status", "RESTING".into())),
            ("a new origin", with(DISABLED, "/detail/data/origin", "PARTNER_MANAGED".into())),
            ("data that is a text", with(DISABLED, "/detail/data", "disabled".into())),
            ("no time", with(DISABLED, "/time", Value::Null)),
            ("another event", with(DISABLED, "/detail-type", "Email Sent".into())),
        ] {
            assert!(TenantEvent::read(&event).is_err(), "{what}");
        }
    }

    #[test]
    fn a_time_is_as_java_writes_it_or_else_the_event_s() {
        for (array, time) in [
            ("[2026,11,20,12,44,28,995000000]", "2026-11-20T12:44:28.995Z"),
            ("[2026,11,20,12,44,27]", "2026-11-20T12:44:27Z"),
            ("[2026,11,20,12,44]", "2026-11-20T12:44:00Z"),
            ("[2026,11,20,12]", "2026-11-20T12:44:28Z"),
            ("[2026,13,20,12,44]", "2026-11-20T12:44:28Z"),
            ("[2026,11,20,12,44,28,0,0]", "2026-11-20T12:44:28Z"),
            ("\"2026-11-20T12:40:00Z\"", "2026-11-20T12:44:28Z"),
        ] {
            let array = serde_json::from_str(array).unwrap();
            let event = TenantEvent::read(&with(DISABLED, "/detail/data/record/lastUpdatedTimestamp", array)).unwrap();
            assert_eq!(event.at.to_string(), time);
        }
    }

    #[test]
    fn no_address_and_nothing_that_steers_a_terminal_is_kept() {
        for (text, kept) in [
            ("The rate exceeded 15.0%.", Some("The rate exceeded 15.0%.")),
            ("one\u{1b}[31m\ntwo", Some("one[31mtwo")),
            ("reported by somebody@example.com", None),
            ("  ", None),
        ] {
            let event = TenantEvent::read(&with(FINDING, "/detail/data", text.into())).unwrap();
            let TenantWord::Finding { sentence, .. } = event.word else { panic!("{event:?}") };
            assert_eq!(sentence, kept.unwrap_or("AWS gives no reason."));
        }
    }

    #[test]
    fn a_word_of_aws_s_is_kept_and_anything_else_is_other() {
        let (longest, longer) = ("X".repeat(32), "X".repeat(33));
        for (text, kept) in [
            ("BOUNCE", "BOUNCE"),
            ("SPAM_TRAP_2", "SPAM_TRAP_2"),
            (&longest, &longest),
            (&longer, "OTHER"),
            ("Bounce", "OTHER"),
            ("A B", "OTHER"),
            ("", "OTHER"),
        ] {
            let event = TenantEvent::read(&with(FINDING, "/detail/metadata/type", text.into())).unwrap();
            assert!(matches!(&event.word, TenantWord::Finding { kind, .. } if kind == kept), "{text}: {event:?}");
        }
    }

    #[test]
    fn what_aws_says_of_tenants_is_told_by_its_detail_type() {
        for (detail_type, is_one) in [
            ("Sending Status Enabled", true),
            ("Sending Status Disabled", true),
            ("Advisor Recommendation Status Open", true),
            ("Advisor Recommendation Status Resolved", true),
            ("Advisor Recommendation Status Closed", true),
            ("Email Sent", false),
            ("Sending Status", false),
            ("", false),
        ] {
            assert_eq!(TenantEvent::is_one(detail_type), is_one, "{detail_type}");
        }
    }
}
