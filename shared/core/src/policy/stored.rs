//! The policy that an operator pushed: versioned, and one for the whole stack.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Deployed, PolicyBook, Source, file};
use crate::port::{Committed, Fault, Landed};

/// One version of it. An empty text says: none, the deployed policy is in force again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredPolicy {
    /// 1 for the first.
    pub version: u64,
    /// TOML or JSON, as it was pushed.
    pub text: String,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: String,
    /// Why.
    pub reason: String,
}

/// Keeps every version, and knows which is the latest.
pub trait PolicyStore: Send + Sync {
    /// The latest version; `None` when there never was one. Sees every `push` that returned before.
    fn latest(&self) -> impl Future<Output = Result<Option<StoredPolicy>, Fault>> + Send;

    /// One version; `None` when there is no such.
    fn version(&self, version: u64) -> impl Future<Output = Result<Option<StoredPolicy>, Fault>> + Send;

    /// The latest versions, newest first.
    fn versions(&self, limit: u32) -> impl Future<Output = Result<Vec<StoredPolicy>, Fault>> + Send;

    /// Makes this the latest version. A conflict when its number is not the one after the latest.
    fn push(&self, policy: &StoredPolicy) -> impl Future<Output = Result<Committed, Fault>> + Send;
}

/// The policy in force, and what it comes from. Whoever asks often asks through one of these: a pushed text is read once
/// for each of its versions.
#[derive(Debug)]
pub struct Policies<P> {
    deployed: Deployed,
    store: P,
    read: Mutex<Option<(u64, InForce)>>,
}

/// A policy and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    /// What sets are judged by.
    pub book: Arc<PolicyBook>,
    /// Where it comes from.
    pub source: Source,
    /// Its version, if it was pushed.
    pub version: Option<u64>,
    /// Its text; empty when it is built in.
    pub text: String,
}

impl<P: PolicyStore> Policies<P> {
    /// What was pushed into `store`, else what was deployed.
    pub fn new(deployed: Deployed, store: P) -> Self {
        Self { deployed, store, read: Mutex::default() }
    }

    /// Where versions are kept.
    pub fn store(&self) -> &P {
        &self.store
    }

    /// What comes into force when nothing is pushed any more.
    pub fn without_stored(&self) -> Result<InForce, Fault> {
        self.resolve(None)
    }

    /// The policy in force now.
    pub async fn in_force(&self) -> Result<InForce, Fault> {
        let latest = self.store.latest().await?;
        let version = latest.as_ref().map_or(0, |latest| latest.version);
        if let Some((read, in_force)) = self.read.lock().unwrap_or_else(PoisonError::into_inner).as_ref()
            && *read == version
        {
            return Ok(in_force.clone());
        }
        let in_force = self.resolve(latest.as_ref())?;
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = Some((version, in_force.clone()));
        Ok(in_force)
    }

    fn resolve(&self, stored: Option<&StoredPolicy>) -> Result<InForce, Fault> {
        self.deployed.or_stored(stored).map_err(|error| Fault {
            operation: "read",
            subject: format!("version {} of the policy", stored.map_or(0, |stored| stored.version)),
            landed: Landed::No,
            source: error.into(),
        })
    }
}

impl Deployed {
    /// What was pushed wins over what was deployed. `Err` when what was pushed can't be read: it was checked when it came,
    /// so another version of the guard wrote it, and guessing would guard by numbers that nobody chose.
    fn or_stored(&self, stored: Option<&StoredPolicy>) -> Result<InForce, file::Unfit> {
        match stored {
            Some(StoredPolicy { version, text, .. }) if !text.trim().is_empty() => Ok(InForce {
                book: Arc::new(PolicyBook::read(text)?),
                source: Source::Stored,
                version: Some(*version),
                text: text.clone(),
            }),
            Some(_) | None => Ok(InForce {
                book: Arc::new(self.book.clone()),
                source: self.source,
                version: None,
                text: self.text.clone(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;
    use crate::policy::Mode;

    fn stored(text: &str) -> StoredPolicy {
        let at = "2026-11-20T09:00:00Z".parse().unwrap();
        StoredPolicy { version: 3, text: text.into(), at, actor: "ops".into(), reason: "why".into() }
    }

    /// The latest version.
    #[derive(Debug, Default)]
    struct Latest(Mutex<Option<StoredPolicy>>);

    impl PolicyStore for Latest {
        async fn latest(&self) -> Result<Option<StoredPolicy>, Fault> {
            Ok(self.0.lock().unwrap().clone())
        }

        async fn version(&self, _: u64) -> Result<Option<StoredPolicy>, Fault> {
            self.latest().await
        }

        async fn versions(&self, _: u32) -> Result<Vec<StoredPolicy>, Fault> {
            Ok(self.latest().await?.into_iter().collect())
        }

        async fn push(&self, policy: &StoredPolicy) -> Result<Committed, Fault> {
            *self.0.lock().unwrap() = Some(policy.clone());
            Ok(Committed::Done)
        }
    }

    #[test]
    fn each_version_is_in_force_as_soon_as_it_is_the_latest_and_is_read_once() {
        let policies = Policies::new(Deployed::read("").unwrap(), Latest::default());
        let in_force = || policies.in_force().now_or_never().unwrap().unwrap();
        assert_eq!((in_force().version, in_force().book.mode()), (None, Mode::Enforce));
        for (version, mode) in [(1, Mode::Observe), (2, Mode::Enforce), (3, Mode::Observe)] {
            let text = format!("mode = \"{}\"\n", mode.as_str());
            assert_eq!(
                policies.store().push(&StoredPolicy { version, ..stored(&text) }).now_or_never().unwrap().unwrap(),
                Committed::Done
            );
            let (first, again) = (in_force(), in_force());
            assert_eq!((first.version, first.book.mode()), (Some(version), mode));
            assert!(Arc::ptr_eq(&first.book, &again.book), "version {version} is read once");
        }
    }

    #[test]
    fn pushed_wins_over_deployed_and_that_over_built_in() {
        let observing = "mode = \"observe\"\n";
        let environment = Deployed::read(observing).unwrap();
        let built_in = Deployed::read(" \n").unwrap();
        for (what, deployed, pushed, source) in [
            ("nothing", &built_in, None, Source::BuiltIn),
            ("deployed", &environment, None, Source::Environment),
            ("pushed", &environment, Some(stored("mode = \"enforce\"\n")), Source::Stored),
            ("pushed and cleared", &environment, Some(stored("")), Source::Environment),
            ("cleared, and nothing deployed", &built_in, Some(stored("")), Source::BuiltIn),
        ] {
            assert_eq!(deployed.or_stored(pushed.as_ref()).unwrap().source, source, "{what}");
        }
        assert!(environment.or_stored(Some(&stored("mode = 7"))).is_err(), "what can't be read is not guessed");
    }
}
