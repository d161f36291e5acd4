//! From the SDK's errors to the guard's: what to do about it is decided here, once.

use std::error::Error;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::SdkError;
use guard_core::port::{Fault, Landed};

/// Whether the request may have taken effect although it failed.
#[expect(clippy::wildcard_enum_match_arm, reason = "the SDK's enum may grow; what is not known may have landed")]
pub(crate) fn landed<E>(error: &SdkError<E, HttpResponse>) -> Landed {
    match error {
        SdkError::ConstructionFailure(_) => Landed::No,
        SdkError::ServiceError(refused) if refused.raw().status().as_u16() < 500 => Landed::No,
        _ => Landed::Perhaps,
    }
}

/// The fault of one operation.
pub(crate) fn fault<E>(operation: &'static str, subject: &str, error: SdkError<E, HttpResponse>) -> Fault
where
    E: Error + Send + Sync + 'static,
{
    let landed = landed(&error);
    Fault { operation, subject: subject.to_owned(), landed, source: error.into() }
}

/// A fault that is not AWS's: what was read or is to be written makes no sense.
pub(crate) fn unreadable(
    operation: &'static str,
    subject: &str,
    source: impl Into<Box<dyn Error + Send + Sync>>,
) -> Fault {
    Fault { operation, subject: subject.to_owned(), landed: Landed::No, source: source.into() }
}
