//! Why a body cannot be read: the position, never the content.

use std::fmt;

use serde::Deserialize;
use serde_json::error::Category;

use super::{MAX_AHEAD_SECONDS, MAX_BODY_BYTES, MAX_RECIPIENTS};
use crate::home::NotGuarded;

/// A body that is damaged, forged or not ours. Its text is safe to log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Longer than SQS and SNS can carry.
    #[error("body is longer than {MAX_BODY_BYTES} bytes")]
    TooLong,
    /// The text is not JSON.
    #[error("{part} is not JSON: {fault} at byte {byte}")]
    NotJson {
        /// Which text.
        part: Part,
        /// What is wrong with it.
        fault: JsonFault,
        /// How many bytes of the part were read when it failed.
        byte: usize,
    },
    /// A field that is needed has another type than AWS gives it, or is there twice.
    #[error("{part} has a field of the wrong type, or twice, at byte {byte}")]
    WrongType {
        /// Which text.
        part: Part,
        /// How many bytes of the part were read when it failed.
        byte: usize,
    },
    /// JSON, and none of the forms in which an SES event or an alarm can come.
    #[error("not an SES event: {0}")]
    NotAnEvent(&'static str),
    /// A field without which nothing can be counted is absent, null or empty.
    #[error("missing field `{0}`")]
    Missing(&'static str),
    /// A field is there and cannot be what it says.
    #[error("field `{field}` must be {must_be}")]
    Malformed {
        /// Its path.
        field: &'static str,
        /// What AWS's documentation says it is.
        must_be: &'static str,
    },
    /// More recipients than one message can have.
    #[error("field `{0}` lists more than {MAX_RECIPIENTS} recipients")]
    TooManyRecipients(&'static str),
    /// Sent after now, by more than clocks differ.
    #[error("field `mail.timestamp` is more than {} minutes ahead of the clock", MAX_AHEAD_SECONDS / 60)]
    InTheFuture,
    /// Not the account, or none of the accounts, that is guarded here.
    #[error("field `{0}` says that the record is of another account")]
    OfAnotherAccount(&'static str),
    /// Of an account and a Region that are not guarded here.
    #[error("{0}")]
    NotGuarded(NotGuarded),
    /// An EventBridge event that says it is AWS's, under a source that is not.
    #[error("field `source` must be {0} for this kind of event")]
    ForeignSource(&'static str),
    /// Nothing says which Region the mail was sent from.
    #[error("no Region: neither `mail.sourceArn` nor what the record came in names one")]
    NoRegion,
}

/// Which text an error's position is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The body itself.
    Body,
    /// The text inside an SNS envelope.
    SnsMessage,
    /// The `detail` of an EventBridge event.
    Detail,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Body => "body",
            Self::SnsMessage => "SNS Message",
            Self::Detail => "EventBridge detail",
        })
    }
}

/// In what way a text is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonFault {
    /// It stops too early.
    EndOfInput,
    /// Something stands where it cannot.
    Syntax,
}

impl fmt::Display for JsonFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EndOfInput => "end of input",
            Self::Syntax => "syntax error",
        })
    }
}

/// The byte order mark some editors put before a text.
pub(super) const BYTE_ORDER_MARK: char = '\u{feff}';

/// `serde_json`'s own messages quote the value they stumble over, which may be an address: only their category and
/// position are kept.
pub(super) fn parse<'a, T: Deserialize<'a>>(text: &'a str, part: Part) -> Result<T, ParseError> {
    let json = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    serde_json::from_str(json).map_err(|error| {
        let earlier_lines = json.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len);
        let byte = text.len() - json.len() + earlier_lines.sum::<usize>() + error.column();
        match error.classify() {
            Category::Eof | Category::Io => ParseError::NotJson { part, fault: JsonFault::EndOfInput, byte },
            Category::Syntax => ParseError::NotJson { part, fault: JsonFault::Syntax, byte },
            Category::Data => ParseError::WrongType { part, byte },
        }
    })
}
