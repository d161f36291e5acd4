use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat, ScanBy, StatusCode};
use guard_core::port::{Fault, Monitor, Point, Vital, Vitals};
use jiff::Timestamp;

use crate::Clients;
use crate::fault::fault;

/// The names under which CloudWatch knows the parts of the guard's pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pipeline {
    /// The queue of events.
    pub events_queue: String,
    /// The queue of events that could not be counted.
    pub events_dead_letter_queue: String,
    /// The queue of wake-up calls that were given up.
    pub wake_up_dead_letter_queue: String,
    /// The function that judges.
    pub judge_function: String,
    /// The function that calls SES.
    pub actuate_function: String,
}

/// CloudWatch's metrics: all of them by one `GetMetricData`.
#[derive(Debug, Clone)]
pub struct CloudWatchMonitor {
    client: aws_sdk_cloudwatch::Client,
    pipeline: Pipeline,
}

/// A metric, and how it becomes a vital.
struct Source<'a> {
    namespace: &'static str,
    metric: &'static str,
    dimension: Option<(&'static str, &'a str)>,
    stat: &'static str,
    /// How many of the metric's units are one of the vital's.
    units: f64,
}

impl CloudWatchMonitor {
    /// That of the clients' account and Region, for this pipeline.
    pub fn new(clients: &Clients, pipeline: Pipeline) -> Self {
        Self { client: aws_sdk_cloudwatch::Client::new(clients.config()), pipeline }
    }

    fn source(&self, vital: Vital) -> Source<'_> {
        let of_queue = |metric, queue| {
            let dimension = Some(("QueueName", queue));
            Source { namespace: "AWS/SQS", metric, dimension, stat: "Maximum", units: 1.0 }
        };
        let of_function = |function| {
            let dimension = Some(("FunctionName", function));
            // In milliseconds.
            Source { namespace: "AWS/Lambda", metric: "IteratorAge", dimension, stat: "Maximum", units: 1_000.0 }
        };
        match vital {
            // Without a dimension: the whole account's, in one Region.
            Vital::Sends => Source { namespace: "AWS/SES", metric: "Send", dimension: None, stat: "Sum", units: 1.0 },
            Vital::EventsAge => of_queue("ApproximateAgeOfOldestMessage", self.pipeline.events_queue.as_str()),
            Vital::EventDeadLetters => {
                of_queue("ApproximateNumberOfMessagesVisible", self.pipeline.events_dead_letter_queue.as_str())
            }
            Vital::WakeUpDeadLetters => {
                of_queue("ApproximateNumberOfMessagesVisible", self.pipeline.wake_up_dead_letter_queue.as_str())
            }
            Vital::JudgeAge => of_function(self.pipeline.judge_function.as_str()),
            Vital::ActuateAge => of_function(self.pipeline.actuate_function.as_str()),
        }
    }

    fn query(&self, vital: Vital) -> MetricDataQuery {
        let source = self.source(vital);
        let dimension = |(name, value): (&str, &str)| Dimension::builder().name(name).value(value).build();
        let metric = Metric::builder().namespace(source.namespace).metric_name(source.metric);
        let metric = metric.set_dimensions(source.dimension.map(|one| vec![dimension(one)])).build();
        let stat = MetricStat::builder().metric(metric).period(vital.period_seconds()).stat(source.stat).build();
        MetricDataQuery::builder().id(id(vital)).metric_stat(stat).return_data(true).build()
    }

    fn take(&self, vitals: &mut Vitals, result: &MetricDataResult) {
        let Some(vital) = Vital::ALL.into_iter().find(|vital| result.id() == Some(id(*vital))) else { return };
        // Half an answer would read as fewer mails than there were.
        if let Some(StatusCode::Forbidden | StatusCode::InternalError) = result.status_code() {
            return;
        }
        let units = self.source(vital).units;
        let points = result.timestamps().iter().zip(result.values()).filter_map(|(at, value)| {
            Some(Point { at: Timestamp::from_second(at.secs()).ok()?, value: rounded_up(value / units) })
        });
        vitals.entry(vital).or_default().extend(points);
    }
}

impl Monitor for CloudWatchMonitor {
    async fn vitals(&self, from: Timestamp, to: Timestamp) -> Result<Vitals, Fault> {
        let request = self
            .client
            .get_metric_data()
            .set_metric_data_queries(Some(Vital::ALL.into_iter().map(|vital| self.query(vital)).collect()))
            .start_time(DateTime::from_secs(from.as_second()))
            .end_time(DateTime::from_secs(to.as_second()))
            .scan_by(ScanBy::TimestampAscending);
        // One page holds 100,800 points, and these are a few hundred; were it two, half of them would be no answer.
        let mut pages = request.into_paginator().send();
        let mut vitals = Vitals::default();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| fault("GetMetricData", "the guard's vitals", error))?;
            page.metric_data_results().iter().for_each(|result| self.take(&mut vitals, result));
        }
        vitals.retain(|_, points| !points.is_empty());
        Ok(vitals)
    }
}

/// A query's id: it must begin with a small letter.
fn id(vital: Vital) -> &'static str {
    match vital {
        Vital::Sends => "sends",
        Vital::EventsAge => "events_age",
        Vital::JudgeAge => "judge_age",
        Vital::ActuateAge => "actuate_age",
        Vital::EventDeadLetters => "event_dead_letters",
        Vital::WakeUpDeadLetters => "wake_up_dead_letters",
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast from a float stops at the ends")]
fn rounded_up(value: f64) -> u64 {
    value.ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn monitor() -> CloudWatchMonitor {
        let pipeline = Pipeline {
            events_queue: "events".to_owned(),
            events_dead_letter_queue: "events-dead".to_owned(),
            wake_up_dead_letter_queue: "wake-ups-dead".to_owned(),
            judge_function: "guard-judge".to_owned(),
            actuate_function: "guard-actuate".to_owned(),
        };
        CloudWatchMonitor::new(&Clients::local("http://127.0.0.1:1", "eu-west-1"), pipeline)
    }

    fn result(vital: Vital, values: &[f64], status: StatusCode) -> MetricDataResult {
        let times = (0..values.len()).map(|minute| DateTime::from_secs(60 * i64::try_from(minute).unwrap())).collect();
        let result = MetricDataResult::builder().id(id(vital)).status_code(status);
        result.set_timestamps(Some(times)).set_values(Some(values.to_vec())).build()
    }

    #[test]
    fn each_vital_is_one_metric() {
        let monitor = monitor();
        let asked: Vec<String> = Vital::ALL
            .into_iter()
            .map(|vital| {
                let query = monitor.query(vital);
                let stat = query.metric_stat().unwrap();
                let metric = stat.metric().unwrap();
                let of =
                    metric.dimensions().iter().map(|one| format!("{}={}", one.name().unwrap(), one.value().unwrap()));
                let of: Vec<_> = of.collect();
                let (namespace, name) = (metric.namespace().unwrap(), metric.metric_name().unwrap());
                format!("{namespace} {name} {} {} {}", stat.stat().unwrap(), stat.period().unwrap(), of.join(" "))
            })
            .collect();
        assert_eq!(
            asked,
            [
                "AWS/SES Send Sum 900 ",
                "AWS/SQS ApproximateAgeOfOldestMessage Maximum 60 QueueName=events",
                "AWS/Lambda IteratorAge Maximum 60 FunctionName=guard-judge",
                "AWS/Lambda IteratorAge Maximum 60 FunctionName=guard-actuate",
                "AWS/SQS ApproximateNumberOfMessagesVisible Maximum 60 QueueName=events-dead",
                "AWS/SQS ApproximateNumberOfMessagesVisible Maximum 60 QueueName=wake-ups-dead",
            ]
        );
    }

    #[test]
    fn half_an_answer_is_none_and_milliseconds_are_rounded_up() {
        let (monitor, mut vitals) = (monitor(), Vitals::default());
        for (vital, values, status) in [
            (Vital::JudgeAge, [15_000.0, 15_001.0], StatusCode::Complete),
            (Vital::EventsAge, [15.0, 15.5], StatusCode::PartialData),
            (Vital::Sends, [1.0, 2.0], StatusCode::InternalError),
            (Vital::ActuateAge, [1.0, 2.0], StatusCode::Forbidden),
        ] {
            monitor.take(&mut vitals, &result(vital, &values, status));
        }
        let values =
            |vital| vitals.get(&vital).map(|points| points.iter().map(|point| point.value).collect::<Vec<_>>());
        assert_eq!(values(Vital::JudgeAge), Some(vec![15, 16]));
        assert_eq!(values(Vital::EventsAge), Some(vec![15, 16]));
        assert_eq!((values(Vital::Sends), values(Vital::ActuateAge)), (None, None));
        assert_eq!(vitals[&Vital::JudgeAge][1].at, Timestamp::from_second(60).unwrap());
    }
}
