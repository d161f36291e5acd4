//! What is wrapped in what. The guard's own reader knows SES records, SNS, EventBridge and invocations; archives know a
//! few forms more, which are taken off here.

use guard_core::event::{ParseError, Reader, Reading, records};
use jiff::Timestamp;
use memchr::{memchr, memchr_iter};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::cut::Block;
use crate::intake::Spot;
use crate::sink::Sink;
use crate::split::{Piece, Splitter};

/// Nothing is wrapped more often; what is, was made to be.
const MOST_WRAPPINGS: u32 = 4;

/// Reads the records of an archive.
#[derive(Debug)]
pub(crate) struct Forms<'a> {
    pub(crate) reader: &'a Reader,
    pub(crate) now: Timestamp,
}

/// Forms that hold records as text or as JSON.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wrapping<'a> {
    /// An invocation of a function: SQS or SNS.
    #[serde(borrow, rename = "Records")]
    records: Option<&'a RawValue>,
    /// What CloudWatch Logs gives a subscription.
    #[serde(borrow, rename = "logEvents")]
    log_events: Option<Vec<LogEvent<'a>>>,
    /// `aws logs filter-log-events`.
    #[serde(borrow)]
    events: Option<Vec<LogEvent<'a>>>,
    /// CloudWatch Logs Insights.
    #[serde(borrow, rename = "@message")]
    insight: Option<&'a RawValue>,
    /// A log line in JSON.
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow, rename = "messageType")]
    message_type: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LogEvent<'a> {
    #[serde(borrow)]
    message: Option<&'a RawValue>,
}

impl Forms<'_> {
    /// Reads a block.
    pub(crate) fn read(&self, block: &Block, sink: &mut Sink) {
        let text = block.text.as_slice();
        let spot = |at: usize| Spot {
            input: block.input,
            byte: block.byte + at as u64,
            line: block.line + memchr_iter(b'\n', text.get(..at).unwrap_or_default()).count() as u64,
        };
        let read = self.read_lines(text, &spot, sink);
        let rest = text.get(read..).unwrap_or_default();
        for piece in Splitter::of(rest, read > 0) {
            self.read_piece(&piece, &|| spot(read + piece.at), sink, 0);
        }
    }

    /// Reads records as long as each has a line for itself, which is the commonest form and need not be counted out.
    /// Gives how far it came.
    fn read_lines(&self, text: &[u8], spot: &dyn Fn(usize) -> Spot, sink: &mut Sink) -> usize {
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| rest.first() == Some(&b'{')) {
            let end = memchr(b'\n', rest).unwrap_or(rest.len());
            let line = rest.get(..end).unwrap_or_default().trim_ascii_end();
            let Some(line) = std::str::from_utf8(line).ok().filter(|line| line.ends_with('}')) else { break };
            match self.reader.read(line, self.now) {
                Err(ParseError::NotJson { .. } | ParseError::TooLong) => break,
                reading => self.take(reading, line, &|| spot(at), sink, 0),
            }
            at += end + 1;
        }
        at.min(text.len())
    }

    fn read_piece(&self, piece: &Piece<'_>, spot: &dyn Fn() -> Spot, sink: &mut Sink, wrapped: u32) {
        let Ok(text) = std::str::from_utf8(piece.bytes) else {
            return sink.reject("record is not UTF-8 text", spot);
        };
        let reading = self.reader.read(text, self.now);
        if reading.is_err() && !piece.bytes.starts_with(b"{") && is_log_line(piece.bytes) {
            return sink.ignore("log line without JSON");
        }
        self.take(reading, text, spot, sink, wrapped);
    }

    /// Takes a reading, or what is inside the record when it is of a form that only archives have.
    fn take(
        &self,
        reading: Result<Reading, ParseError>,
        text: &str,
        spot: &dyn Fn() -> Spot,
        sink: &mut Sink,
        wrapped: u32,
    ) {
        let unknown = matches!(reading, Err(ParseError::NotAnEvent(_) | ParseError::TooLong));
        if !(unknown && wrapped < MOST_WRAPPINGS && self.unwrap(text, spot, sink, wrapped + 1)) {
            sink.take(reading, spot);
        }
    }

    /// Gives whether there was something to take off.
    fn unwrap(&self, text: &str, spot: &dyn Fn() -> Spot, sink: &mut Sink, wrapped: u32) -> bool {
        let Ok(wrapping) = serde_json::from_str::<Wrapping<'_>>(text) else { return false };
        if wrapping.records.is_some() {
            for record in records(text) {
                let reading = self.reader.read_record(&record, self.now);
                self.take(reading, &record.body, spot, sink, wrapped);
            }
            return true;
        }
        if wrapping.message_type.is_some_and(|kind| kind.get() == r#""CONTROL_MESSAGE""#) {
            sink.ignore("control message of CloudWatch Logs");
            return true;
        }
        if let Some(events) = wrapping.log_events.or(wrapping.events) {
            for event in events {
                match event.message.map(RawValue::get) {
                    Some(message) => self.read_message(message, spot, sink, wrapped),
                    None => sink.reject("log event without a message", spot),
                }
            }
            return true;
        }
        match wrapping.insight.or(wrapping.message).map(RawValue::get) {
            Some(message) if message.contains('{') => {
                self.read_message(message, spot, sink, wrapped);
                true
            }
            Some(_) | None => false,
        }
    }

    /// A log's message: a record as text, perhaps with something before it, or as JSON.
    fn read_message(&self, message: &str, spot: &dyn Fn() -> Spot, sink: &mut Sink, wrapped: u32) {
        let text = serde_json::from_str::<String>(message).unwrap_or_else(|_| message.to_owned());
        if !text.contains('{') {
            return sink.ignore("log line without JSON");
        }
        for piece in Splitter::of(text.as_bytes(), false) {
            self.read_piece(&piece, spot, sink, wrapped);
        }
    }
}

/// `2026-11-20T09:14:02.118Z START RequestId: …`
fn is_log_line(line: &[u8]) -> bool {
    matches!(line, [y, _, _, _, b'-', _, _, b'-', _, _, b'T', ..] if y.is_ascii_digit())
}
