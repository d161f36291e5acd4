//! CloudWatch alarms, in the three shapes in which they come: as a function's invocation, through EventBridge, and as
//! the text of an SNS message. `aws_lambda_events` has types for them that refuse metric math, composite alarms
//! without a suppressor and alarms without a description, so these read only what is needed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::envelope::Arn;
use super::fault::{ParseError, Part, parse};
use crate::line::has_no_place;
use crate::name::{AccountId, ConfigurationSetName, Region};

/// The dimension under which SES publishes a configuration set's metrics.
const SET_DIMENSION: &str = "ses:configuration-set";

/// The namespace of SES's metrics.
const SES_NAMESPACE: &str = "AWS/SES";

/// An alarm that changed its state, and what it watches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlarmChange {
    /// The alarm's name: 1 to 255 characters, none of them a control character.
    pub name: String,
    /// The state it changed to. `Ok` says nothing about health: a paused set sends nothing.
    pub state: AlarmState,
    /// The sets its metrics are about, each once, in the alarm's order.
    pub configuration_sets: Vec<ConfigurationSetName>,
    /// Of a composite alarm: the ARNs of the alarms that triggered it, each once.
    pub children: Vec<String>,
    /// Whether one of its metrics is SES's for the whole account.
    pub account_level: bool,
    /// Whether it watches other alarms and no metric.
    #[serde(skip)]
    pub composite: bool,
    /// When it changed; with its name this tells one change from the next, however often it is reported.
    #[serde(skip)]
    pub changed_at: Option<Timestamp>,
    /// CloudWatch's own words for it, with the metric's value and the threshold; `None` for words a person chose.
    #[serde(skip)]
    pub reason: Option<String>,
    /// The account it belongs to; `None` when nothing says it.
    #[serde(skip)]
    pub account: Option<AccountId>,
    /// The Region it belongs to; `None` when nothing says it.
    #[serde(skip)]
    pub region: Option<Region>,
}

/// An alarm's state, in CloudWatch's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AlarmState {
    /// Not breaching, which may mean that there is no data.
    Ok,
    /// Breaching.
    Alarm,
    /// Cannot tell.
    InsufficientData,
}

/// A function's invocation by an alarm's action.
pub(super) fn read_invocation(text: &str, part: Part) -> Result<AlarmChange, ParseError> {
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Invocation {
        source: Option<String>,
        alarm_arn: Option<String>,
        alarm_data: Option<Change>,
    }
    let invocation: Invocation = parse(text, part)?;
    if invocation.source.as_deref() != Some("aws.cloudwatch") {
        return Err(ParseError::ForeignSource("aws.cloudwatch"));
    }
    of_change(invocation.alarm_data.unwrap_or_default(), invocation.alarm_arn.as_deref())
}

/// The detail of an EventBridge event about the alarm `arn`.
pub(super) fn read_change(text: &str, part: Part, arn: Option<&str>) -> Result<AlarmChange, ParseError> {
    of_change(parse::<Option<Change>>(text, part)?.ok_or(ParseError::Missing("detail"))?, arn)
}

/// The text of an SNS message: other names, and dimensions as a list.
pub(super) fn read_message(text: &str, part: Part) -> Result<AlarmChange, ParseError> {
    let message: Message = parse(text, part)?;
    let composite = message.alarm_rule.is_some();
    let metrics = message.trigger.into_iter().flat_map(|trigger| {
        let own = Metric { namespace: trigger.namespace, dimensions: trigger.dimensions };
        let of_math = trigger.metrics.unwrap_or_default().into_iter().filter_map(|entry| entry.stat?.metric);
        std::iter::once(own).chain(of_math)
    });
    let children = message.triggering_children.unwrap_or_default().into_iter().filter_map(|child| child.arn);
    let state = State {
        value: message.new_state_value,
        reason: message.new_state_reason,
        timestamp: message.state_change_time,
        reason_data: None,
    };
    let change = change(message.alarm_name, state, metrics, children)?;
    Ok(AlarmChange { composite, ..change.of(message.alarm_arn.as_deref()) })
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Change {
    alarm_name: Option<String>,
    state: Option<State>,
    configuration: Option<Configuration>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct State {
    value: Option<String>,
    reason: Option<String>,
    reason_data: Option<String>,
    timestamp: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Configuration {
    metrics: Option<Vec<Entry>>,
    #[serde(rename = "alarmRule")]
    rule: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Message {
    alarm_name: Option<String>,
    alarm_arn: Option<String>,
    alarm_rule: Option<IgnoredAny>,
    new_state_value: Option<String>,
    new_state_reason: Option<String>,
    state_change_time: Option<String>,
    trigger: Option<Trigger>,
    triggering_children: Option<Vec<Child>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Trigger {
    namespace: Option<String>,
    dimensions: Option<Dimensions>,
    metrics: Option<Vec<Entry>>,
}

/// An expression has no `metricStat`. SNS begins the same names with a capital.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    #[serde(rename = "metricStat", alias = "MetricStat")]
    stat: Option<Stat>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Stat {
    #[serde(alias = "Metric")]
    metric: Option<Metric>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metric {
    #[serde(alias = "Namespace")]
    namespace: Option<String>,
    #[serde(alias = "Dimensions")]
    dimensions: Option<Dimensions>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Dimensions {
    List(Vec<Dimension>),
    Map(BTreeMap<String, String>),
}

#[derive(Deserialize)]
struct Dimension {
    #[serde(alias = "Name")]
    name: String,
    #[serde(alias = "Value")]
    value: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Child {
    #[serde(alias = "Arn")]
    arn: Option<String>,
}

fn of_change(alarm: Change, arn: Option<&str>) -> Result<AlarmChange, ParseError> {
    let state = alarm.state.unwrap_or_default();
    let configuration = alarm.configuration.unwrap_or_default();
    let metrics = configuration.metrics.unwrap_or_default().into_iter().filter_map(|entry| entry.stat?.metric);
    let children = triggering(state.reason_data.as_deref());
    let change = change(alarm.alarm_name, state, metrics, children)?;
    Ok(AlarmChange { composite: configuration.rule.is_some(), ..change.of(arn) })
}

/// `reasonData` is JSON in a string; it is absent after `SetAlarmState` and may be any text a person gave there.
fn triggering(reason_data: Option<&str>) -> Vec<String> {
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct ReasonData {
        triggering_alarms: Option<Vec<Child>>,
    }
    let reason: ReasonData = reason_data.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    reason.triggering_alarms.unwrap_or_default().into_iter().filter_map(|child| child.arn).collect()
}

fn change(
    name: Option<String>,
    told: State,
    metrics: impl Iterator<Item = Metric>,
    triggering: impl IntoIterator<Item = String>,
) -> Result<AlarmChange, ParseError> {
    let name = name.ok_or(ParseError::Missing("alarmName"))?;
    if !(1..=255).contains(&name.chars().count()) || name.chars().any(has_no_place) {
        return Err(ParseError::Malformed {
            field: "alarmName",
            must_be: "1 to 255 characters, none a control character",
        });
    }
    let state = match told.value.as_deref() {
        Some("OK") => AlarmState::Ok,
        Some("ALARM") => AlarmState::Alarm,
        Some("INSUFFICIENT_DATA") => AlarmState::InsufficientData,
        Some(_) => {
            return Err(ParseError::Malformed { field: "state.value", must_be: "OK, ALARM or INSUFFICIENT_DATA" });
        }
        None => return Err(ParseError::Missing("state.value")),
    };
    let mut change = AlarmChange {
        name,
        state,
        configuration_sets: Vec::new(),
        children: each_once(triggering),
        account_level: false,
        composite: false,
        changed_at: told.timestamp.as_deref().and_then(instant),
        reason: told.reason.filter(|reason| is_cloudwatchs(reason)),
        account: None,
        region: None,
    };
    for metric in metrics {
        let dimensions = metric.dimensions.map(Dimensions::into_pairs).unwrap_or_default();
        change.account_level |= dimensions.is_empty() && metric.namespace.as_deref() == Some(SES_NAMESPACE);
        for (_, set) in dimensions.into_iter().filter(|(name, _)| name == SET_DIMENSION) {
            let malformed = ParseError::Malformed {
                field: "dimensions.ses:configuration-set",
                must_be: "a configuration set's name: 1 to 64 of A-Z a-z 0-9 _ -",
            };
            change.configuration_sets.push(set.parse().map_err(|_| malformed)?);
        }
    }
    change.configuration_sets = each_once(change.configuration_sets);
    Ok(change)
}

impl AlarmChange {
    fn of(self, arn: Option<&str>) -> Self {
        let arn = arn.and_then(Arn::of);
        let account = arn.and_then(|arn| arn.account.parse().ok());
        Self { account, region: arn.and_then(|arn| arn.region.parse().ok()), ..self }
    }
}

/// CloudWatch writes `2026-11-20T09:30:12.309+0000`, without the colon that RFC 3339 asks for.
fn instant(text: &str) -> Option<Timestamp> {
    Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text).ok()
}

/// Whether a reason is one that CloudWatch writes itself. Whoever calls `SetAlarmState` chooses the words, which could
/// hold an address.
fn is_cloudwatchs(reason: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b" .,:;/()[]-+%=<>".contains(&b);
    reason.len() <= 400 && reason.starts_with("Threshold Crossed: ") && reason.bytes().all(plain)
}

impl Dimensions {
    fn into_pairs(self) -> Vec<(String, String)> {
        match self {
            Self::List(list) => list.into_iter().map(|dimension| (dimension.name, dimension.value)).collect(),
            Self::Map(map) => map.into_iter().collect(),
        }
    }
}

/// Keeps the first of each, in the order in which they came: whoever writes an alarm decides how many there are.
fn each_once<T: Ord + Clone>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    items.into_iter().filter(|item| seen.insert(item.clone())).collect()
}
