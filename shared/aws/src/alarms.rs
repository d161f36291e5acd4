use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{AlarmType, CompositeAlarm, Dimension, Metric, MetricAlarm, StateValue};
use guard_core::home::{Home, NotGuarded};
use guard_core::name::ConfigurationSetName;
use guard_core::port::{Alarms, Fault, Watched};

use crate::HomeClients;
use crate::fault::{fault, unreadable};

/// The dimension under which SES publishes a configuration set's metrics.
const SET_DIMENSION: &str = "ses:configuration-set";
/// The namespace of SES's metrics.
const SES_NAMESPACE: &str = "AWS/SES";

/// CloudWatch's own alarms, in every guarded home.
#[derive(Debug, Clone)]
pub struct CloudWatchAlarms {
    clients: BTreeMap<Home, aws_sdk_cloudwatch::Client>,
}

impl CloudWatchAlarms {
    /// Those of these homes.
    pub fn new(clients: &HomeClients) -> Self {
        Self { clients: clients.each(|clients| aws_sdk_cloudwatch::Client::new(clients.config())) }
    }

    fn of(&self, home: &Home) -> Result<&aws_sdk_cloudwatch::Client, Fault> {
        let not_guarded = || unreadable("DescribeAlarms", &home.to_string(), NotGuarded(home.clone()));
        self.clients.get(home).ok_or_else(not_guarded)
    }
}

impl Alarms for CloudWatchAlarms {
    async fn describe(&self, home: &Home, names: &[String]) -> Result<Vec<Watched>, Fault> {
        let described = self.of(home)?.describe_alarms().set_alarm_names(Some(names.to_vec()));
        let described = described.alarm_types(AlarmType::MetricAlarm).alarm_types(AlarmType::CompositeAlarm);
        // At most 100 names, and so at most 100 alarms: CloudWatch gives them all on one page.
        let described = described.max_records(100).send().await;
        let described = described.map_err(|error| fault("DescribeAlarms", &names.join(", "), error))?;
        let metric = described.metric_alarms().iter().map(metric_alarm);
        Ok(metric.chain(described.composite_alarms().iter().map(composite_alarm)).collect())
    }

    async fn children_in_alarm(&self, home: &Home, composite: &str) -> Result<Vec<String>, Fault> {
        let children = self.of(home)?.describe_alarms().children_of_alarm_name(composite);
        let mut pages =
            children.alarm_types(AlarmType::MetricAlarm).alarm_types(AlarmType::CompositeAlarm).into_paginator().send();
        let mut names = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| fault("DescribeAlarms", composite, error))?;
            let metric = page.metric_alarms().iter().map(|alarm| (alarm.alarm_name(), alarm.state_value()));
            let composite = page.composite_alarms().iter().map(|alarm| (alarm.alarm_name(), alarm.state_value()));
            // Asked for here: CloudWatch ignores a filter by state together with this parameter.
            let in_alarm = metric.chain(composite).filter(|(_, state)| *state == Some(&StateValue::Alarm));
            names.extend(in_alarm.filter_map(|(name, _)| name.map(str::to_owned)));
        }
        Ok(names)
    }
}

fn metric_alarm(alarm: &MetricAlarm) -> Watched {
    let mut watched = Watched {
        name: alarm.alarm_name().unwrap_or_default().to_owned(),
        in_alarm: alarm.state_value() == Some(&StateValue::Alarm),
        ..Watched::default()
    };
    if alarm.metric_name().is_some() {
        watches(&mut watched, alarm.namespace(), alarm.dimensions());
    }
    let of_math = alarm.metrics().iter().filter_map(|query| query.metric_stat()?.metric());
    of_math.for_each(|metric: &Metric| watches(&mut watched, metric.namespace(), metric.dimensions()));
    watched
}

fn composite_alarm(alarm: &CompositeAlarm) -> Watched {
    Watched {
        name: alarm.alarm_name().unwrap_or_default().to_owned(),
        in_alarm: alarm.state_value() == Some(&StateValue::Alarm),
        composite: true,
        ..Watched::default()
    }
}

fn watches(watched: &mut Watched, namespace: Option<&str>, dimensions: &[Dimension]) {
    watched.account_level |= dimensions.is_empty() && namespace == Some(SES_NAMESPACE);
    let values = dimensions.iter().filter(|one| one.name() == Some(SET_DIMENSION)).filter_map(|one| one.value());
    for set in values.filter_map(|value| value.parse::<ConfigurationSetName>().ok()) {
        if !watched.configuration_sets.contains(&set) {
            watched.configuration_sets.push(set);
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatch::types::{MetricDataQuery, MetricStat};

    use super::*;

    fn dimension(name: &str, value: &str) -> Dimension {
        Dimension::builder().name(name).value(value).build()
    }

    fn sets(watched: &Watched) -> Vec<&str> {
        watched.configuration_sets.iter().map(ConfigurationSetName::as_str).collect()
    }

    #[test]
    fn an_alarm_says_what_it_watches() {
        let alarm = || MetricAlarm::builder().alarm_name("x").state_value(StateValue::Alarm).namespace(SES_NAMESPACE);
        let of_set = alarm().metric_name("Reputation.BounceRate").dimensions(dimension(SET_DIMENSION, "promo"));
        let of_account = alarm().metric_name("Reputation.BounceRate");
        let of_queue = alarm().metric_name("X").namespace("AWS/SQS");
        let query = |set: &str| {
            let metric = Metric::builder().namespace(SES_NAMESPACE).dimensions(dimension(SET_DIMENSION, set)).build();
            let stat = MetricStat::builder().metric(metric).period(300).stat("Sum").build();
            MetricDataQuery::builder().id("m").metric_stat(stat).build()
        };
        let expression = MetricDataQuery::builder().id("e").expression("100*b/s").build();
        let of_math = MetricAlarm::builder().alarm_name("x").metrics(expression);
        let of_math =
            of_math.metrics(query("promo")).metrics(query("promo")).metrics(query("a b")).metrics(query("shop"));
        for (what, alarm, named, account_level) in [
            ("a set's", of_set, vec!["promo"], false),
            ("the account's", of_account, vec![], true),
            ("another service's", of_queue, vec![], false),
            ("metric math", of_math, vec!["promo", "shop"], false),
        ] {
            let watched = metric_alarm(&alarm.build());
            assert_eq!((sets(&watched), watched.account_level), (named, account_level), "{what}");
            assert_eq!((watched.in_alarm, watched.composite), (what != "metric math", false), "{what}");
        }
        let composite = CompositeAlarm::builder().alarm_name("any").state_value(StateValue::Ok).build();
        let composite = composite_alarm(&composite);
        assert_eq!((composite.in_alarm, composite.composite, composite.account_level), (false, true, false));
    }
}
