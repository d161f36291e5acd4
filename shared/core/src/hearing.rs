//! Whether a configuration set's events reach the guard: a set that nobody hears of is never paused, and looks healthy.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::name::{ConfigurationSetName, DestinationName, TopicArn};
use crate::port::{DESTINATIONS_PER_SET, EventDestination, EventType, Target};

/// By what the guard hears of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ear {
    /// Its topic.
    pub topic: TopicArn,
    /// The name that its event destination has, or is to have, in each set.
    pub destination: DestinationName,
    /// Whether someone carries the events of the default event bus to the guard, too. Their delivery is best effort.
    pub event_bus: bool,
}

/// Why a set is not heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Gap {
    /// No event destination leads to the guard.
    NoDestination,
    /// All that is counted goes to EventBridge, and nobody carries it to the guard.
    OnlyEventBus,
    /// No event destination leads to the guard, and the one that has its name leads elsewhere.
    NameTaken,
    /// No event destination leads to the guard, and the set has as many as SES takes.
    Full,
    /// What leads to the guard is disabled.
    Disabled,
    /// What leads to the guard does not carry all that is counted.
    Incomplete,
}

impl Gap {
    /// Whether one more event destination closes it. The others take a person: what is there is never changed.
    pub fn can_be_closed(self) -> bool {
        match self {
            Self::NoDestination | Self::OnlyEventBus => true,
            Self::NameTaken | Self::Full | Self::Disabled | Self::Incomplete => false,
        }
    }

    /// In a few words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoDestination => "no event destination leads to the guard",
            Self::OnlyEventBus => "its events go to EventBridge only, which this guard does not hear",
            Self::NameTaken => "the event destination of the guard's name leads elsewhere",
            Self::Full => "none of its event destinations leads to the guard, and SES takes no more of them",
            Self::Disabled => "its event destination to the guard is disabled",
            Self::Incomplete => "its event destination to the guard does not carry all of SEND, BOUNCE and COMPLAINT",
        }
    }
}

/// That a set is not heard, as its state keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unheard {
    /// Why.
    pub gap: Gap,
    /// Since when that is known.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub since: Timestamp,
    /// Whether people were told of this set by its name.
    pub told: bool,
}

/// What was found, for the records: what is wrong, and what mends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Why the set is not heard.
    pub gap: Gap,
    /// In one sentence.
    pub sentence: String,
    /// The command that mends it, with what to do before it.
    pub remedy: String,
}

/// Whether all that is counted reaches the guard from these event destinations of a set.
pub fn listen(set: &ConfigurationSetName, found: &[EventDestination], ear: &Ear) -> Result<(), Finding> {
    let to_topic = |one: &&EventDestination| matches!(&one.target, Target::Topic(arn) if arn == ear.topic.as_str());
    let to_bus = |one: &&EventDestination| matches!(one.target, Target::EventBus(_));
    let ours: Vec<_> = found.iter().filter(to_topic).collect();
    let by_bus = missing(found.iter().filter(to_bus)).is_empty();
    if missing(ours.iter().copied()).is_empty() || (ear.event_bus && by_bus) {
        return Ok(());
    }
    let enrol = format!("ses-guard enrol --plan enrol.jsonl --sets {set}, then: ses-guard enrol --apply enrol.jsonl");
    let taken = found.iter().find(|one| one.name == ear.destination.as_str());
    let (gap, what, remedy) = if let Some(first) = ours.first() {
        let (gap, what) = match ours.iter().find(|one| one.enabled) {
            None => {
                (Gap::Disabled, format!("Its event destination {}, which leads to the guard, is disabled", first.name))
            }
            Some(_) => {
                let lacks: Vec<_> = missing(ours.iter().copied()).iter().map(ToString::to_string).collect();
                (Gap::Incomplete, format!("What it publishes to the guard lacks {}", lacks.join(" and ")))
            }
        };
        (gap, what, update(set, ours.iter().find(|one| one.enabled).unwrap_or(first), ear))
    } else if found.len() >= DESTINATIONS_PER_SET {
        let what = format!("None of its {} event destinations leads to the guard, and SES takes no more", found.len());
        let look = format!("aws sesv2 get-configuration-set-event-destinations --configuration-set-name {set}");
        (Gap::Full, what, format!("delete one that nobody reads any more ({look}), then: {enrol}"))
    } else if let Some(taken) = taken {
        let what = format!("Its event destination {} leads to {} and not to the guard", taken.name, taken.target);
        let otherwise = enrol.replacen("enrol.jsonl", "enrol.jsonl --destination NAME", 1);
        (Gap::NameTaken, what, format!("delete that one, or enrol under another name: {otherwise}"))
    } else if by_bus {
        (Gap::OnlyEventBus, "Its events go to EventBridge only, which this guard does not hear".to_owned(), enrol)
    } else {
        (Gap::NoDestination, "None of its event destinations leads to the guard".to_owned(), enrol)
    };
    let sentence = format!("{what}: its mail is not counted in full, so the guard can't tell when to pause it.");
    Err(Finding { gap, sentence, remedy })
}

/// What is counted and not published by these.
fn missing<'a>(published_by: impl Iterator<Item = &'a EventDestination>) -> BTreeSet<EventType> {
    let mut missing = BTreeSet::from(EventType::COUNTED);
    for event in published_by.filter(|one| one.enabled).flat_map(|one| &one.events) {
        missing.remove(event);
    }
    missing
}

/// The command that has this event destination publish what it does now and all that is counted.
fn update(set: &ConfigurationSetName, present: &EventDestination, ear: &Ear) -> String {
    let mut events = present.events.clone();
    events.extend(EventType::COUNTED);
    let events: Vec<_> = events.iter().map(EventType::as_str).collect();
    let definition = serde_json::json!({
        "Enabled": true, "MatchingEventTypes": events, "SnsDestination": {"TopicArn": ear.topic},
    });
    format!(
        "aws sesv2 update-configuration-set-event-destination --configuration-set-name {set} \
         --event-destination-name {} --event-destination '{definition}'",
        present.name
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:guard-events";
    const BUS: &str = "arn:aws:events:eu-west-1:111122223333:event-bus/default";

    fn ear(event_bus: bool) -> Ear {
        Ear { topic: TOPIC.parse().unwrap(), destination: "guard".parse().unwrap(), event_bus }
    }

    fn destination(name: &str, target: Target, events: &[&str]) -> EventDestination {
        let events = events.iter().map(|&word| EventType::from(word)).collect();
        EventDestination { name: name.to_owned(), enabled: true, events, target }
    }

    #[test]
    fn a_set_is_heard_when_all_that_is_counted_reaches_the_guard() {
        const ALL: [&str; 3] = ["SEND", "BOUNCE", "COMPLAINT"];
        let ours = |events| destination("guard", Target::Topic(TOPIC.to_owned()), events);
        let theirs = |name: &str| destination(name, Target::Topic(TOPIC.replace("guard", "theirs")), &ALL);
        let bus = |events| destination("bus", Target::EventBus(BUS.to_owned()), events);
        let off = |one: EventDestination| EventDestination { enabled: false, ..one };
        let named = |one: EventDestination, name: &str| EventDestination { name: name.to_owned(), ..one };
        let many = |count: usize| (0..count).map(|number| theirs(&format!("theirs-{number}"))).collect::<Vec<_>>();
        let firehose = destination("lake", Target::Other("Firehose"), &ALL);
        use Gap::{Disabled, Full, Incomplete, NameTaken, NoDestination, OnlyEventBus};
        for (what, found, by_topic, by_bus_too) in [
            ("nothing at all", vec![], Some(NoDestination), Some(NoDestination)),
            ("all to the topic", vec![ours(&ALL)], None, None),
            ("more than that", vec![ours(&["OPEN", "SEND", "BOUNCE", "COMPLAINT"])], None, None),
            ("under another name", vec![named(ours(&ALL), "mine")], None, None),
            ("two that share", vec![ours(&["SEND"]), named(ours(&["BOUNCE", "COMPLAINT"]), "rest")], None, None),
            ("one is missing", vec![ours(&["SEND", "BOUNCE"])], Some(Incomplete), Some(Incomplete)),
            ("disabled", vec![off(ours(&ALL))], Some(Disabled), Some(Disabled)),
            (
                "the rest is disabled",
                vec![ours(&["SEND"]), off(named(ours(&ALL), "b"))],
                Some(Incomplete),
                Some(Incomplete),
            ),
            ("to others only", vec![theirs("a"), firehose], Some(NoDestination), Some(NoDestination)),
            ("the name is taken", vec![theirs("guard")], Some(NameTaken), Some(NameTaken)),
            ("to EventBridge", vec![bus(&ALL)], Some(OnlyEventBus), None),
            ("some to EventBridge", vec![bus(&["BOUNCE"])], Some(NoDestination), Some(NoDestination)),
            ("disabled, and to EventBridge", vec![off(ours(&ALL)), bus(&ALL)], Some(Disabled), None),
            ("nine others", many(9), Some(NoDestination), Some(NoDestination)),
            ("ten others", many(10), Some(Full), Some(Full)),
        ] {
            for (event_bus, expected) in [(false, by_topic), (true, by_bus_too)] {
                let heard = listen(&"promo".parse().unwrap(), &found, &ear(event_bus));
                assert_eq!(heard.err().map(|finding| finding.gap), expected, "{what}, event bus heard: {event_bus}");
            }
        }
    }

    #[test]
    fn a_finding_says_what_is_wrong_and_the_command_that_mends_it() {
        let found = [destination("guard", Target::Topic(TOPIC.to_owned()), &["SEND", "OPEN"])];
        let finding = listen(&"promo".parse().unwrap(), &found, &ear(false)).unwrap_err();
        insta::assert_snapshot!(format!("{}\n{}", finding.sentence, finding.remedy), @r#"
        What it publishes to the guard lacks BOUNCE and COMPLAINT: its mail is not counted in full, so the guard can't tell when to pause it.
        aws sesv2 update-configuration-set-event-destination --configuration-set-name promo --event-destination-name guard --event-destination '{"Enabled":true,"MatchingEventTypes":["SEND","BOUNCE","COMPLAINT","OPEN"],"SnsDestination":{"TopicArn":"arn:aws:sns:eu-west-1:111122223333:guard-events"}}'
        "#);
        let finding = listen(&"promo".parse().unwrap(), &[], &ear(false)).unwrap_err();
        insta::assert_snapshot!(format!("{}\n{}", finding.sentence, finding.remedy), @r"
        None of its event destinations leads to the guard: its mail is not counted in full, so the guard can't tell when to pause it.
        ses-guard enrol --plan enrol.jsonl --sets promo, then: ses-guard enrol --apply enrol.jsonl
        ");
        let leading_to = |target| {
            let found = [destination("guard", target, &["SEND"])];
            let finding = listen(&"promo".parse().unwrap(), &found, &ear(true)).unwrap_err();
            finding.sentence.split(": ").next().unwrap().to_owned()
        };
        let elsewhere = [
            Target::Topic("arn:aws:sns:eu-west-1:111122223333:lake".to_owned()),
            Target::EventBus(BUS.to_owned()),
            Target::Other("Firehose"),
        ];
        insta::assert_snapshot!(elsewhere.map(leading_to).join("\n"), @r"
        Its event destination guard leads to arn:aws:sns:eu-west-1:111122223333:lake and not to the guard
        Its event destination guard leads to arn:aws:events:eu-west-1:111122223333:event-bus/default and not to the guard
        Its event destination guard leads to Firehose and not to the guard
        ");
    }
}
