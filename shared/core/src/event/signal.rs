//! Our words for what an event says.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher24};
use std::hash::Hasher;

use crate::name::{CallerIdentity, SetKey};

/// What is counted. Everything else that SES publishes is acknowledged and left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SignalKind {
    /// A recipient of an accepted mail: the denominator of both rates.
    Send,
    /// A recipient that hard-bounced, by SES's own rules for its bounce rate.
    Bounce,
    /// A complaint: one per `feedbackId`, since SES names candidates only.
    Complaint,
    /// A recipient that SES refused before sending (suppression list of the account or tenant, validation,
    /// subscription): `Send` was published for it, so it is taken off the sends.
    Prevented,
}

impl SignalKind {
    /// All kinds, in the order in which the ledger stores them.
    pub const ALL: [Self; 4] = [Self::Send, Self::Bounce, Self::Complaint, Self::Prevented];

    /// Whether this kind can raise a rate, and so calls for judging.
    pub fn is_failure(self) -> bool {
        match self {
            Self::Bounce | Self::Complaint => true,
            Self::Send | Self::Prevented => false,
        }
    }
}

/// A keyed 8-byte hash that stands for one counted fact (a mail's recipient, a complaint).
/// Who lacks the key cannot tell whose address it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReceiptId(pub [u8; 8]);

/// The stack's secret that turns addresses into [`ReceiptId`]s.
#[derive(Clone)]
pub struct HashKey([u8; 16]);

impl HashKey {
    /// The fewest characters a secret may have.
    pub const MIN_SECRET_LEN: usize = 32;

    /// From the stack's secret text; `None` when it has fewer than [`Self::MIN_SECRET_LEN`] characters.
    pub fn from_secret(secret: &str) -> Option<Self> {
        let secret = secret.trim();
        if secret.chars().count() < Self::MIN_SECRET_LEN {
            return None;
        }
        let mut hasher = SipHasher24::new();
        hasher.write(secret.as_bytes());
        Some(Self(hasher.finish128().as_bytes()))
    }

    /// The id of a recipient of a mail: `message id`, a zero byte, the address in lower case.
    pub fn recipient(&self, message_id: &str, address: &str) -> ReceiptId {
        if address.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
            return self.hash(message_id, address);
        }
        self.hash(message_id, &address.to_lowercase())
    }

    /// The id of a complaint: `message id`, a zero byte, its `feedbackId`.
    pub fn complaint(&self, message_id: &str, feedback_id: &str) -> ReceiptId {
        self.hash(message_id, feedback_id)
    }

    /// Stands in for a sender whose name can't be kept as it is: `hashed:` and 16 hexadecimal digits.
    pub fn sender(&self, name: &str) -> Option<CallerIdentity> {
        format!("hashed:{:016x}", u64::from_be_bytes(self.hash("ses:caller-identity", name).0)).parse().ok()
    }

    fn hash(&self, message_id: &str, rest: &str) -> ReceiptId {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        hasher.write(message_id.as_bytes());
        hasher.write(&[0]);
        hasher.write(rest.as_bytes());
        ReceiptId(hasher.finish128().h1.to_be_bytes())
    }
}

impl std::fmt::Debug for HashKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HashKey(secret)")
    }
}

/// One typed fact: so many recipients (or one complaint) of one mail of one configuration set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// Whose mail it was.
    pub set: SetKey,
    /// What happened.
    pub kind: SignalKind,
    /// One id per counted unit, each different from the others; never empty.
    pub ids: Vec<ReceiptId>,
    /// With whose credentials it was sent; `None` when SES does not say.
    pub sender: Option<CallerIdentity>,
    /// `mail.timestamp`: when SES accepted the mail. It decides the bucket.
    pub sent_at: Timestamp,
    /// The bounce's or complaint's own time; `sent_at` for a send, and where it is absent, unreadable or earlier. It
    /// decides nothing here: a replay of past events goes by it.
    pub occurred_at: Timestamp,
    /// Whether all of it went to SES's mailbox simulator, which is counted of the canary alone, and which SES leaves out of the
    /// account's rates.
    pub simulated: bool,
}

impl Signal {
    /// How many units it counts.
    pub fn count(&self) -> u64 {
        self.ids.len() as u64
    }
}
