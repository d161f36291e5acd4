//! What an alarm is about. A metric alarm says it; a composite one only names others, which are looked up.

use std::collections::BTreeSet;

use crate::event::AlarmChange;
use crate::home::Home;
use crate::name::ConfigurationSetName;
use crate::port::{Alarms, Fault};

/// How deep composite alarms are followed into one another, and how many alarms at most are looked up on each level:
/// as many as one call of `DescribeAlarms` takes.
const DEPTH: usize = 4;
const AT_ONCE: usize = 100;

/// What an alarm is about.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Subjects {
    pub(super) configuration_sets: BTreeSet<ConfigurationSetName>,
    pub(super) account_level: bool,
}

/// The own subjects of an alarm of this home, and for a composite alarm those of its children in ALARM.
pub(super) async fn subjects(alarms: &impl Alarms, home: &Home, alarm: &AlarmChange) -> Result<Subjects, Fault> {
    let mut subjects = Subjects {
        configuration_sets: alarm.configuration_sets.iter().cloned().collect(),
        account_level: alarm.account_level,
    };
    if !alarm.composite {
        return Ok(subjects);
    }
    let mut names: Vec<String> = alarm.children.iter().filter_map(|arn| name_of(arn)).collect();
    if names.is_empty() {
        names = alarms.children_in_alarm(home, &alarm.name).await?;
    }
    for _ in 0..DEPTH {
        if names.is_empty() {
            break;
        }
        names.truncate(AT_ONCE);
        let mut deeper = Vec::new();
        for watched in alarms.describe(home, &names).await?.into_iter().filter(|watched| watched.in_alarm) {
            subjects.configuration_sets.extend(watched.configuration_sets);
            subjects.account_level |= watched.account_level;
            if watched.composite {
                deeper.extend(alarms.children_in_alarm(home, &watched.name).await?);
            }
        }
        names = deeper;
    }
    Ok(subjects)
}

/// `arn:…:alarm:NAME`; names may hold colons.
fn name_of(arn: &str) -> Option<String> {
    arn.split_once(":alarm:").map(|(_, name)| name.to_owned())
}
