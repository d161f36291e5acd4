//! Facts that mean something together only, and what is said of them in words.

use super::*;

/// Of what is found: which check, and the sentence.
fn told(facts: &Facts) -> Vec<(&'static str, String)> {
    examine(facts).into_iter().map(|one| (one.check, one.sentence)).collect()
}

#[test]
fn a_pushed_policy_is_told_of_where_it_hides_a_deployed_one() {
    for (what, source, deployed, is_told) in [
        ("neither", "builtIn", "", false),
        ("deployed", "environment", "mode = 'enforce'", false),
        ("pushed", "stored", "", false),
        ("pushed, and nothing but white space deployed", "stored", " \n", false),
        ("both", "stored", "mode = 'enforce'", true),
    ] {
        let mut facts = healthy();
        facts.status.as_mut().unwrap()["policySource"] = json!(source);
        drop(function_mut(&mut facts, "operate").environment.insert("GUARD_POLICY".into(), deployed.into()));
        let sentence = "a policy was deployed, and one that was pushed hides it".to_owned();
        let expected: &[_] = if is_told { &[("policy", sentence)] } else { &[] };
        assert_eq!(told(&facts), expected, "{what}");
    }
}

#[test]
fn events_on_the_bus_are_heard_by_a_guard_that_hears_it() {
    for (hears, expected) in [("true", vec![]), ("false", vec!["eventDestinations"]), ("", vec!["eventDestinations"])] {
        let mut facts = healthy();
        let bus = Target::EventBus("arn:aws:events:eu-west-1:111122223333:event-bus/default".into());
        facts.sets.as_mut().unwrap()[0].1[0].target = bus;
        drop(function_mut(&mut facts, "operate").environment.insert("GUARD_HEARS_EVENT_BUS".into(), hears.into()));
        let checks: Vec<_> = told(&facts).into_iter().map(|(check, _)| check).collect();
        assert_eq!(checks, expected, "{hears}");
    }
}

#[test]
fn a_mapping_that_is_gone_is_named_by_what_it_brought() {
    let (queue, stream) =
        ("is not fed by its queue: nothing wakes it", "is not fed by the state table's stream: nothing wakes it");
    for (function, sentences) in [("ingest", &[queue][..]), ("judge", &[stream, queue]), ("actuate", &[stream])] {
        let mut facts = healthy();
        facts.mappings.get_mut(function).unwrap().as_mut().unwrap().clear();
        let found: Vec<_> = examine(&facts).into_iter().filter(|one| one.check == "mapping").collect();
        assert!(found.iter().all(|one| one.subject == format!("guard-{function}")), "{found:#?}");
        assert_eq!(found.iter().map(|one| &*one.sentence).collect::<Vec<_>>(), sentences, "{function}");
    }
}

#[test]
fn who_has_not_confirmed_yet_is_counted_where_somebody_has() {
    for (confirmed, waiting, severity, sentence) in [
        (2, 0, None, ""),
        (1, 1, Some(Severity::Advice), "1 of its subscriptions wait to be confirmed"),
        (1, 3, Some(Severity::Advice), "3 of its subscriptions wait to be confirmed"),
        (0, 1, Some(Severity::Fault), "nobody has a confirmed subscription: whatever the guard tells, nobody hears"),
    ] {
        let mut facts = healthy();
        let subscriptions = &mut facts.notices_topic.as_mut().unwrap().as_mut().unwrap().subscriptions;
        *subscriptions = (0..confirmed + waiting).map(|_| subscription("email", "")).collect();
        subscriptions.iter_mut().skip(confirmed).for_each(|one| one.arn = None);
        let found = examine(&facts);
        assert_eq!(found.first().map(|one| one.severity), severity, "{confirmed} and {waiting}");
        assert_eq!(found.first().map_or("", |one| &one.sentence), sentence, "{confirmed} and {waiting}");
    }
}
