//! Made-up events in AWS's own shape and size, the same in every run: mail of sixty configuration sets.
//!
//! Most sets are healthy; after a third of the time `set-07` begins to send to a bought list, after two thirds `set-23`
//! mails that its readers report.

use std::io::{self, Write};

use guard_core::event::{Accounts, HashKey, Reader};
use jiff::Timestamp;

const SETS: u64 = 60;
/// An archive's thirty days.
pub const MONTH: u64 = 30 * 24 * HOUR;
/// In milliseconds.
pub const HOUR: u64 = 3_600_000;
const FROM_SECOND: i64 = 1_760_000_400;
const BOUGHT_LIST: u64 = 7;
const UNWANTED: u64 = 23;

/// The account of all of it.
pub const ACCOUNT: &str = "111122223333";

/// What hashes its addresses.
pub fn hash_key() -> HashKey {
    HashKey::from_secret("ids are compared here and never shown").expect("the secret is long enough")
}

/// A reader as the functions have one, for mail of any age.
pub fn reader() -> Reader {
    let account = ACCOUNT.parse().expect("the account id is well-formed");
    Reader::new(Accounts::These([account].into()), None, hash_key()).of_archive()
}

/// A time after all mail of [`write_events`].
pub fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().expect("the time is well-formed")
}

/// Pseudo-random, the same for the same number (SplitMix64).
pub fn spread(number: u64) -> u64 {
    let number = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

/// Writes `count` events of so many milliseconds, one a line.
pub fn write_events(count: u64, milliseconds: u64, out: &mut dyn Write) -> io::Result<()> {
    Events::within(milliseconds, count).try_for_each(|event| writeln!(out, "{event}"))
}

/// `count` events of an hour, as the bodies of messages.
pub fn events(count: u64) -> Vec<String> {
    Events::within(HOUR, count).collect()
}

/// So many events, in the order in which the mail was sent.
#[derive(Debug)]
pub struct Events {
    milliseconds: u64,
    count: u64,
    written: u64,
    number: u64,
    /// What came of the mail that was sent last.
    feedback: Option<String>,
}

impl Events {
    /// `count` of them, spread over so many milliseconds.
    pub fn within(milliseconds: u64, count: u64) -> Self {
        Self { milliseconds, count, written: 0, number: 0, feedback: None }
    }

    fn send(&mut self) -> String {
        let chance = spread(self.number);
        let set = chance % SETS;
        let millisecond = self.number * self.milliseconds / self.count;
        let thirds = self.number * 3 / self.count;
        let per_million = (chance >> 24) % 1_000_000;
        let (bounces, complaints) = match set {
            BOUGHT_LIST if thirds >= 1 => (220_000, 2_000),
            UNWANTED if thirds >= 2 => (8_000, 6_000),
            _ => (2_000 + set * 200, 100 + set * 4),
        };
        let mail = Mail { number: self.number, set, millisecond };
        self.number += 1;
        if per_million < bounces {
            self.feedback = Some(mail.bounce(2_000 + chance % 9_000));
        } else if per_million > 1_000_000 - complaints {
            self.feedback = Some(mail.complaint(600_000 + chance % 20_000_000));
        }
        mail.send()
    }
}

impl Iterator for Events {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        if self.written == self.count {
            return None;
        }
        self.written += 1;
        Some(self.feedback.take().unwrap_or_else(|| self.send()))
    }
}

/// One mail to one recipient.
#[derive(Debug, Clone, Copy)]
pub struct Mail {
    /// Makes its ids and its recipient.
    pub number: u64,
    /// Which configuration set.
    pub set: u64,
    /// When it was sent, after the first.
    pub millisecond: u64,
}

impl Mail {
    /// That SES accepted it.
    pub fn send(&self) -> String {
        self.record("Send", r#""send":{}"#)
    }

    /// That it bounced so many milliseconds later.
    pub fn bounce(&self, later: u64) -> String {
        let (id, address, at) = (self.message_id(), self.address(), at(self.millisecond + later));
        let detail = format!(
            r#""bounce":{{"feedbackId":"{id}","bounceType":"Permanent","bounceSubType":"General","bouncedRecipients":[{{"emailAddress":"{address}","action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"}}],"timestamp":"{at}","reportingMTA":"dns; b224-12.smtp-out.eu-west-1.amazonses.com"}}"#
        );
        self.record("Bounce", &detail)
    }

    /// That its reader reported it so many milliseconds later.
    pub fn complaint(&self, later: u64) -> String {
        let (id, address, at) = (self.message_id(), self.address(), at(self.millisecond + later));
        let detail = format!(
            r#""complaint":{{"feedbackId":"{id}","complaintSubType":null,"complainedRecipients":[{{"emailAddress":"{address}"}}],"timestamp":"{at}","userAgent":"Yahoo!-Mail-Feedback/2.0","complaintFeedbackType":"abuse","arrivalDate":"{at}"}}"#
        );
        self.record("Complaint", &detail)
    }

    fn message_id(&self) -> String {
        format!("0102019869b2{:04x}-70c0879b-de8b-d5b5-8078-{:012x}-000000", self.set, self.number)
    }

    fn address(&self) -> String {
        format!("reader{}@example.net", self.number % 400_000)
    }

    fn record(&self, event_type: &str, detail: &str) -> String {
        let (id, address, set, sent_at) = (self.message_id(), self.address(), self.set, at(self.millisecond));
        format!(
            r#"{{"eventType":"{event_type}","mail":{{"timestamp":"{sent_at}","source":"Example News <news@news.example.com>","sourceArn":"arn:aws:ses:eu-west-1:{ACCOUNT}:identity/news.example.com","sendingAccountId":"{ACCOUNT}","messageId":"{id}","destination":["{address}"],"headersTruncated":false,"headers":[{{"name":"From","value":"Example News <news@news.example.com>"}},{{"name":"To","value":"{address}"}},{{"name":"Subject","value":"Your weekly digest"}},{{"name":"MIME-Version","value":"1.0"}},{{"name":"Content-Type","value":"multipart/alternative;  boundary=\"----=_Part_41_19.1763630042118\""}}],"commonHeaders":{{"from":["Example News <news@news.example.com>"],"to":["{address}"],"messageId":"{id}","subject":"Your weekly digest"}},"tags":{{"ses:source-tls-version":["TLSv1.3"],"ses:operation":["SendEmail"],"ses:configuration-set":["set-{set:02}"],"ses:outgoing-ip":["198.51.100.87"],"ses:source-ip":["198.51.100.24"],"ses:from-domain":["news.example.com"],"ses:caller-identity":["news-sender"]}}}},{detail}}}"#
        )
    }
}

fn at(millisecond: u64) -> String {
    let millisecond = i64::try_from(millisecond).unwrap_or(0) + FROM_SECOND * 1_000;
    format!("{:.3}", Timestamp::from_millisecond(millisecond).unwrap_or(Timestamp::MIN))
}

#[cfg(test)]
mod tests {
    use guard_core::event::{Reading, SignalKind};

    use super::*;

    #[test]
    fn every_made_up_event_is_counted_and_has_the_size_of_a_real_one() {
        let mut kinds = [0_u64; 4];
        let events = events(20_000);
        for event in &events {
            let Ok(Reading::Signals { signals, unknown_subtype: None }) = reader().read(event, now()) else {
                panic!("{event}");
            };
            for signal in signals {
                kinds[SignalKind::ALL.iter().position(|kind| *kind == signal.kind).unwrap()] += signal.count();
            }
        }
        let [sends, bounces, complaints, prevented] = kinds;
        assert!(sends > 19_000 && bounces > 100 && complaints > 0 && prevented == 0, "{kinds:?}");
        let size = events.iter().map(String::len).sum::<usize>() / events.len();
        assert!((1_100..1_300).contains(&size), "{size}");
    }
}
