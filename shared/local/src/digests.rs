use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use guard_core::digest::{Digest, Sheet, tally_from_bytes, tally_to_bytes};
use guard_core::name::SetKey;
use guard_core::port::{Digests, Fault, Known};
use guard_core::tally::BucketTally;
use guard_core::time::Bucket;
use jiff::Timestamp;

use crate::locked;

#[derive(Debug, Default)]
struct Stored {
    digests: BTreeMap<(SetKey, Sheet), Vec<u8>>,
    /// Receipts and the state, of each bucket.
    notes: BTreeMap<(SetKey, Bucket), (u64, Vec<u8>)>,
    begun: Option<Timestamp>,
}

/// Digests and notes in memory, as bytes. Clones share them.
#[derive(Debug, Default, Clone)]
pub struct MemoryDigests(Arc<Mutex<Stored>>);

impl MemoryDigests {
    /// How many digests are kept of this set.
    pub fn kept(&self, set: &SetKey) -> usize {
        locked(&self.0).digests.keys().filter(|(of, _)| of == set).count()
    }

    /// How many buckets of this set have a note.
    pub fn noted(&self, set: &SetKey) -> usize {
        locked(&self.0).notes.keys().filter(|(of, _)| of == set).count()
    }
}

impl Digests for MemoryDigests {
    async fn note(&self, set: &SetKey, held: &BucketTally) -> Result<(), Fault> {
        let note = (held.receipts(), tally_to_bytes(held));
        let mut stored = locked(&self.0);
        let noted = stored.notes.entry((set.clone(), held.bucket)).or_default();
        if noted.0 < note.0 {
            *noted = note;
        }
        Ok(())
    }

    async fn known(&self, set: &SetKey, from: Sheet, to: Sheet) -> Result<Known, Fault> {
        let stored = locked(&self.0);
        let digests = stored
            .digests
            .range((set.clone(), from)..=(set.clone(), to))
            .filter_map(|((_, sheet), bytes)| Digest::from_bytes(*sheet, bytes));
        let notes = stored
            .notes
            .range((set.clone(), from.first())..(set.clone(), to.next().first()))
            .filter_map(|((_, bucket), (_, bytes))| tally_from_bytes(*bucket, bytes));
        Ok(Known { digests: digests.collect(), notes: notes.collect() })
    }

    async fn keep(&self, set: &SetKey, digest: &Digest) -> Result<(), Fault> {
        locked(&self.0).digests.insert((set.clone(), digest.sheet), digest.to_bytes());
        Ok(())
    }

    async fn begin(&self, now: Timestamp) -> Result<(), Fault> {
        locked(&self.0).begun.get_or_insert(now);
        Ok(())
    }

    async fn begun(&self) -> Result<Option<Timestamp>, Fault> {
        Ok(locked(&self.0).begun)
    }
}
