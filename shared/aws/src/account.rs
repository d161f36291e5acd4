use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Metric, MetricDataQuery, MetricStat, ScanBy};
use guard_core::port::{AccountStanding, AccountView, Fault, SendQuota, SesRates};
use guard_core::time::plus_seconds;
use jiff::Timestamp;

use crate::Clients;
use crate::fault::{fault, unreadable};

/// SES publishes the account's rates under this namespace, without a dimension, as fractions.
const NAMESPACE: &str = "AWS/SES";
const RATES: [(&str, &str); 2] = [("bounce", "Reputation.BounceRate"), ("complaint", "Reputation.ComplaintRate")];
/// How far back a point is still news.
const DAY_SECONDS: i64 = 86_400;
/// The coarsest grain that shows a change soon: at most 96 points a day and metric, and so one page.
const PERIOD_SECONDS: i32 = 900;

/// SES's opinion of the clients' account and Region: its rates from CloudWatch, its standing from SES.
#[derive(Debug, Clone)]
pub struct SesAccount {
    cloudwatch: aws_sdk_cloudwatch::Client,
    ses: aws_sdk_sesv2::Client,
}

impl SesAccount {
    /// The opinion that is asked with these clients.
    pub fn new(clients: &Clients) -> Self {
        Self {
            cloudwatch: aws_sdk_cloudwatch::Client::new(clients.config()),
            ses: aws_sdk_sesv2::Client::new(clients.config()),
        }
    }
}

impl AccountView for SesAccount {
    async fn rates(&self, now: Timestamp) -> Result<SesRates, Fault> {
        let queries = RATES.map(|(id, name)| {
            let metric = Metric::builder().namespace(NAMESPACE).metric_name(name).build();
            let stat = MetricStat::builder().metric(metric).period(PERIOD_SECONDS).stat("Average").build();
            MetricDataQuery::builder().id(id).metric_stat(stat).build()
        });
        let answer = self
            .cloudwatch
            .get_metric_data()
            .set_metric_data_queries(Some(queries.to_vec()))
            .start_time(DateTime::from_secs(plus_seconds(now, -DAY_SECONDS).as_second()))
            .end_time(DateTime::from_secs(now.as_second()))
            .scan_by(ScanBy::TimestampDescending)
            .send()
            .await
            .map_err(|error| fault("GetMetricData", NAMESPACE, error))?;
        let newest = |id: &str| {
            let result = answer.metric_data_results().iter().find(|result| result.id() == Some(id))?;
            result.timestamps().iter().zip(result.values()).max_by_key(|(at, _)| at.secs()).map(|(_, rate)| *rate)
        };
        let ppm = |id| newest(id).map(|rate| millionths(rate).ok_or(rate)).transpose();
        let read = |id| ppm(id).map_err(|rate| unreadable("GetMetricData", id, format!("{rate} is no rate")));
        Ok(SesRates { bounce_ppm: read("bounce")?, complaint_ppm: read("complaint")? })
    }

    async fn standing(&self) -> Result<AccountStanding, Fault> {
        let answer = self.ses.get_account().send().await.map_err(|error| fault("GetAccount", "the account", error))?;
        let status = answer.enforcement_status().unwrap_or_default();
        let is_word = (1..=32).contains(&status.len()) && status.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        if !is_word {
            return Err(unreadable("GetAccount", "the account", "its EnforcementStatus is no word"));
        }
        Ok(AccountStanding {
            enforcement_status: status.to_owned(),
            sending_enabled: answer.sending_enabled(),
            quota: answer.send_quota().map(|quota| SendQuota {
                max_24_hours: whole(quota.max24_hour_send()),
                max_per_second: whole(quota.max_send_rate()),
                sent_last_24_hours: whole(quota.sent_last24_hours()),
            }),
        })
    }
}

/// A fraction as CloudWatch has it, 0.05 for 5 %; `None` when it is none.
fn millionths(rate: f64) -> Option<u64> {
    (0.0..=1.0).contains(&rate).then(|| whole(rate * 1_000_000.0).unsigned_abs())
}

/// SES's numbers of mails are whole, but come as doubles.
#[expect(clippy::cast_possible_truncation, reason = "`as` keeps what is too large at the largest there is")]
fn whole(number: f64) -> i64 {
    number.round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_fraction() {
        for (rate, ppm) in [
            (0.0, Some(0)),
            (0.000_5, Some(500)),
            (0.052_3, Some(52_300)),
            (1.0, Some(1_000_000)),
            (1.01, None),
            (-0.01, None),
            (f64::NAN, None),
        ] {
            assert_eq!(millionths(rate), ppm, "{rate}");
        }
        assert_eq!((whole(-1.0), whole(50_000.0), whole(13.6)), (-1, 50_000, 14));
    }
}
