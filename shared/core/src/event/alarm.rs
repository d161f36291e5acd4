//! CloudWatch alarms, in the three shapes in which they come: as a function's invocation, through EventBridge, and as
//! the text of an SNS message. `aws_lambda_events` has types for them that refuse metric math, composite alarms
//! without a suppressor and alarms without a description, so these read only what is needed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::fault::{ParseError, Part, parse};
use crate::name::ConfigurationSetName;

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
        alarm_data: Option<Change>,
    }
    let invocation: Invocation = parse(text, part)?;
    if invocation.source.as_deref() != Some("aws.cloudwatch") {
        return Err(ParseError::ForeignSource("aws.cloudwatch"));
    }
    of_change(invocation.alarm_data.unwrap_or_default())
}

/// The detail of an EventBridge event.
pub(super) fn read_change(text: &str, part: Part) -> Result<AlarmChange, ParseError> {
    of_change(parse::<Option<Change>>(text, part)?.ok_or(ParseError::Missing("detail"))?)
}

/// The text of an SNS message: other names, and dimensions as a list.
pub(super) fn read_message(text: &str, part: Part) -> Result<AlarmChange, ParseError> {
    let message: Message = parse(text, part)?;
    let metrics = message.trigger.into_iter().flat_map(|trigger| {
        let own = Metric { namespace: trigger.namespace, dimensions: trigger.dimensions };
        let of_math = trigger.metrics.unwrap_or_default().into_iter().filter_map(|entry| entry.stat?.metric);
        std::iter::once(own).chain(of_math)
    });
    let children = message.triggering_children.unwrap_or_default().into_iter().filter_map(|child| child.arn);
    change(message.alarm_name, message.new_state_value, metrics, children)
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
    reason_data: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Configuration {
    metrics: Option<Vec<Entry>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Message {
    alarm_name: Option<String>,
    new_state_value: Option<String>,
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

fn of_change(alarm: Change) -> Result<AlarmChange, ParseError> {
    let state = alarm.state.unwrap_or_default();
    let entries = alarm.configuration.and_then(|configuration| configuration.metrics).unwrap_or_default();
    let metrics = entries.into_iter().filter_map(|entry| entry.stat?.metric);
    change(alarm.alarm_name, state.value, metrics, triggering(state.reason_data.as_deref()))
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
    state: Option<String>,
    metrics: impl Iterator<Item = Metric>,
    triggering: impl IntoIterator<Item = String>,
) -> Result<AlarmChange, ParseError> {
    let name = name.ok_or(ParseError::Missing("alarmName"))?;
    if !(1..=255).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(ParseError::Malformed {
            field: "alarmName",
            must_be: "1 to 255 characters, none a control character",
        });
    }
    let state = match state.as_deref() {
        Some("OK") => AlarmState::Ok,
        Some("ALARM") => AlarmState::Alarm,
        Some("INSUFFICIENT_DATA") => AlarmState::InsufficientData,
        Some(_) => {
            return Err(ParseError::Malformed { field: "state.value", must_be: "OK, ALARM or INSUFFICIENT_DATA" });
        }
        None => return Err(ParseError::Missing("state.value")),
    };
    let mut change =
        AlarmChange { name, state, configuration_sets: Vec::new(), children: Vec::new(), account_level: false };
    for metric in metrics {
        let dimensions = metric.dimensions.map(Dimensions::into_pairs).unwrap_or_default();
        change.account_level |= dimensions.is_empty() && metric.namespace.as_deref() == Some(SES_NAMESPACE);
        for (_, set) in dimensions.into_iter().filter(|(name, _)| name == SET_DIMENSION) {
            let malformed = ParseError::Malformed {
                field: "dimensions.ses:configuration-set",
                must_be: "a configuration set's name: 1 to 64 of A-Z a-z 0-9 _ -",
            };
            push_once(&mut change.configuration_sets, set.parse().map_err(|_| malformed)?);
        }
    }
    triggering.into_iter().for_each(|arn| push_once(&mut change.children, arn));
    Ok(change)
}

impl Dimensions {
    fn into_pairs(self) -> Vec<(String, String)> {
        match self {
            Self::List(list) => list.into_iter().map(|dimension| (dimension.name, dimension.value)).collect(),
            Self::Map(map) => map.into_iter().collect(),
        }
    }
}

fn push_once<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}
