//! Names that become keys: checked once, here, before anything is stored, logged or sent under them.

use std::fmt;
use std::hash::Hasher;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher24;

/// A configuration set's name as SES allows it: 1 to 64 of `A-Z a-z 0-9 _ -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ConfigurationSetName(String);

/// A 12-digit AWS account id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountId(String);

/// An AWS Region's code, such as `eu-west-1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(String);

/// An event destination's name as SES allows it: 1 to 64 of `A-Z a-z 0-9 _ -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DestinationName(String);

/// The ARN of an SNS topic, such as `arn:aws:sns:eu-west-1:111122223333:guard-events`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TopicArn(String);

/// Whose credentials a mail was sent with, as SES names it (`ses:caller-identity`): an IAM user or role, 1 to 128 of
/// `A-Z a-z 0-9 _ - + = , . : /`. SES writes it, the sender can't. IAM allows an `@` too, and then the name may be an
/// address, which is never stored: [`HashKey::sender`](crate::event::HashKey::sender) stands in for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CallerIdentity(String);

/// What is counted and paused: one configuration set of one account in one Region.
/// Its text, `<account>/<region>/<configuration set>`, is the partition key of both tables.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SetKey {
    /// The account that sent.
    pub account: AccountId,
    /// The Region it sent from.
    pub region: Region,
    /// The configuration set it sent with.
    pub name: ConfigurationSetName,
}

/// Says which name is malformed and what it must look like; never repeats the rejected text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not a configuration set's name.
    #[error("the configuration set's name must be 1 to 64 of A-Z a-z 0-9 _ -")]
    ConfigurationSet,
    /// Not an account id.
    #[error("the account id must be 12 digits")]
    Account,
    /// Not a Region's code.
    #[error("the Region must look like eu-west-1")]
    Region,
    /// Not an event destination's name.
    #[error("the event destination's name must be 1 to 64 of A-Z a-z 0-9 _ -")]
    Destination,
    /// Not the ARN of an SNS topic.
    #[error("the topic must be the ARN of an SNS topic, such as arn:aws:sns:eu-west-1:111122223333:guard-events")]
    Topic,
    /// Not a caller identity.
    #[error("the caller identity must be 1 to 128 of A-Z a-z 0-9 _ - + = , . : /")]
    CallerIdentity,
    /// Not a tenant's name and id.
    #[error("the tenant must be <name>/<id>, each 1 to 64 of A-Z a-z 0-9 _ -")]
    Tenant,
    /// Not `<account>/<region>`.
    #[error("the home must be <account>/<region>")]
    Home,
    /// Not `<account>/<region>/<configuration set>`.
    #[error("the key must be <account>/<region>/<configuration set>")]
    Key,
}

macro_rules! checked_text {
    ($type:ident, $error:expr, $valid:expr) => {
        impl $type {
            /// Its text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl FromStr for $type {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) { Ok(Self(text.to_owned())) } else { Err($error) }
            }
        }
        impl TryFrom<String> for $type {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }
        impl From<$type> for String {
            fn from(name: $type) -> String {
                name.0
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

checked_text!(CallerIdentity, NameError::CallerIdentity, |text| {
    (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-+=,.:/".contains(&b))
});
checked_text!(ConfigurationSetName, NameError::ConfigurationSet, |text| {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
});
checked_text!(DestinationName, NameError::Destination, |text| {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
});
checked_text!(TopicArn, NameError::Topic, |text| {
    match text.split(':').collect::<Vec<_>>().as_slice() {
        ["arn", partition, "sns", region, account, name] => {
            partition.starts_with("aws")
                && region.parse::<Region>().is_ok()
                && account.parse::<AccountId>().is_ok()
                && !name.is_empty()
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        }
        _ => false,
    }
});
checked_text!(AccountId, NameError::Account, |text| { text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) });
checked_text!(Region, NameError::Region, |text| {
    (5..=32).contains(&text.len())
        && text.contains('-')
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
});

impl TopicArn {
    /// The account that it is in.
    pub fn account(&self) -> Option<AccountId> {
        self.0.split(':').nth(4)?.parse().ok()
    }

    /// The Region that it is in.
    pub fn region(&self) -> Option<Region> {
        self.0.split(':').nth(3)?.parse().ok()
    }
}

/// What stands in a [`SetKey`] for the whole account. No configuration set can have this name, and
/// [`ConfigurationSetName`] does not read it: only a key does.
const WHOLE_ACCOUNT: &str = "*account*";

/// Over how many partitions of the ledger the account's counts are spread. A busy account is written to by every batch.
pub const ACCOUNT_SHARDS: usize = 8;

impl ConfigurationSetName {
    /// Reads what an operator names: a set, or `*account*` for the account as a whole.
    pub fn or_account(text: &str) -> Result<Self, NameError> {
        if text == WHOLE_ACCOUNT { Ok(Self(WHOLE_ACCOUNT.to_owned())) } else { text.parse() }
    }
}

impl SetKey {
    /// The account as a whole, in one Region: what is told and filed of it is kept under this key.
    pub fn account(account: AccountId, region: Region) -> Self {
        Self { account, region, name: ConfigurationSetName(WHOLE_ACCOUNT.to_owned()) }
    }

    /// Whether this is the account as a whole, and no configuration set.
    pub fn is_account(&self) -> bool {
        self.name.0 == WHOLE_ACCOUNT
    }

    /// The keys under which the account's own counts lie in the ledger, and nowhere else: together they hold every event
    /// of every set.
    pub fn account_shards(account: &AccountId, region: &Region) -> [Self; ACCOUNT_SHARDS] {
        std::array::from_fn(|number| Self {
            account: account.clone(),
            region: region.clone(),
            name: ConfigurationSetName(format!("{WHOLE_ACCOUNT}#{number}")),
        })
    }

    /// The one of the account's shards in which this set's events are counted a second time: always the same, so that an
    /// event that comes twice meets itself.
    #[must_use]
    pub fn account_shard(&self) -> Self {
        let mut hasher = SipHasher24::new();
        hasher.write(self.name.0.as_bytes());
        let number = hasher.finish() % ACCOUNT_SHARDS as u64;
        let name = ConfigurationSetName(format!("{WHOLE_ACCOUNT}#{number}"));
        Self { account: self.account.clone(), region: self.region.clone(), name }
    }

    /// Whether this is a shard of the account's own counts: no configuration set, and never judged or paused.
    pub fn is_account_shard(&self) -> bool {
        self.name.0.strip_prefix(WHOLE_ACCOUNT).is_some_and(|rest| rest.starts_with('#'))
    }
}

impl FromStr for SetKey {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let mut parts = text.splitn(3, '/');
        let (Some(account), Some(region), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NameError::Key);
        };
        let (account, region) = (account.parse()?, region.parse()?);
        if name == WHOLE_ACCOUNT {
            return Ok(Self::account(account, region));
        }
        let shards = Self::account_shards(&account, &region);
        match shards.into_iter().find(|shard| shard.name.0 == name) {
            Some(shard) => Ok(shard),
            None => Ok(Self { account, region, name: name.parse()? }),
        }
    }
}

impl TryFrom<String> for SetKey {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<SetKey> for String {
    fn from(key: SetKey) -> String {
        key.to_string()
    }
}

impl fmt::Display for SetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.account, self.region, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_set_name_is_1_to_64_safe_characters() {
        let longest = "a".repeat(64);
        let too_long = "a".repeat(65);
        for (what, text, valid) in [
            ("empty", "", false),
            ("one letter", "a", true),
            ("64 letters", longest.as_str(), true),
            ("65 letters", too_long.as_str(), false),
            ("all kinds", "A-z_09", true),
            ("slash, which separates keys", "a/b", false),
            ("a newline, which would forge a log line", "a\nb", false),
            ("not ASCII", "tenant-ä", false),
            ("a space", "a b", false),
        ] {
            assert_eq!(text.parse::<ConfigurationSetName>().is_ok(), valid, "{what}");
        }
    }

    #[test]
    fn a_topic_is_named_in_full() {
        for (text, valid) in [
            ("arn:aws:sns:eu-west-1:111122223333:guard-EventsTopic-1X2Y", true),
            ("arn:aws-cn:sns:cn-north-1:111122223333:events", true),
            ("guard-EventsTopic", false),
            ("arn:aws:sqs:eu-west-1:111122223333:events", false),
            ("arn:aws:sns:eu-west-1:111122223333:", false),
            ("arn:aws:sns:eu-west-1:111122223333:events:0b57f4b5-subscription", false),
            ("arn:aws:sns:eu-west-1:1111:events", false),
            ("arn:aws:sns::111122223333:events", false),
            ("arn:aws:sns:eu-west-1:111122223333:events' --x", false),
        ] {
            assert_eq!(text.parse::<TopicArn>().is_ok(), valid, "{text}");
        }
        let topic: TopicArn = "arn:aws:sns:eu-west-1:111122223333:events".parse().unwrap();
        assert_eq!((topic.account(), topic.region()), ("111122223333".parse().ok(), "eu-west-1".parse().ok()));
    }

    #[test]
    fn a_key_is_read_back_from_its_text() {
        let text = "111122223333/eu-west-1/marketing-weekly";
        let key: SetKey = text.parse().unwrap();
        assert_eq!(key.to_string(), text);
        let whole = SetKey::account(key.account.clone(), key.region.clone());
        assert_eq!(whole.to_string().parse(), Ok(whole.clone()));
        assert!(whole.is_account() && !key.is_account());
        assert!(whole.name.as_str().parse::<ConfigurationSetName>().is_err(), "no set can be taken for the account");
        for (number, shard) in SetKey::account_shards(&key.account, &key.region).into_iter().enumerate() {
            assert_eq!(shard.to_string(), format!("111122223333/eu-west-1/*account*#{number}"));
            assert_eq!(shard.to_string().parse(), Ok(shard.clone()));
            assert!(shard.is_account_shard() && !shard.is_account());
            assert!(shard.name.as_str().parse::<ConfigurationSetName>().is_err());
        }
        assert!(!key.is_account_shard() && !whole.is_account_shard());
        for broken in [
            "",
            "111122223333",
            "111122223333/eu-west-1",
            "1/eu-west-1/a",
            "111122223333/x/a",
            "111122223333/eu-west-1/a/b",
            "111122223333/eu-west-1/*account*#8",
            "111122223333/eu-west-1/*account*#",
        ] {
            assert!(broken.parse::<SetKey>().is_err(), "{broken}");
        }
    }

    #[test]
    fn a_set_keeps_its_shard_and_the_sets_spread_over_all() {
        let set = |name: &str| format!("111122223333/eu-west-1/{name}").parse::<SetKey>().unwrap();
        assert_eq!(set("marketing-weekly").account_shard().name.as_str(), "*account*#5", "it must never move");
        let mut sets = [0_u32; ACCOUNT_SHARDS];
        let shards = SetKey::account_shards(&set("a").account, &set("a").region);
        for number in 0..8_000 {
            let shard = set(&format!("tenant-{number}")).account_shard();
            sets[shards.iter().position(|one| *one == shard).unwrap()] += 1;
        }
        assert!(sets.iter().all(|count| (850..1_150).contains(count)), "{sets:?}");
    }
}
