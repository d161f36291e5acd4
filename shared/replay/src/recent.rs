//! Which facts were counted already: a fixed piece of memory that holds tens of millions of them.

use guard_core::event::{ReceiptId, SignalKind};

/// Slots of a row, the latest first. Eight tags are half a cache line.
const SLOTS: usize = 8;
/// 128 MiB of tags, of which only what is used is ever touched.
const ROWS: usize = 1 << 22;

/// Remembers a fact by 32 bits in one of four million rows; the oldest of a full row is forgotten. With ten million
/// facts fewer than one in a thousand is; a new fact is taken for a known one once in five hundred million times.
#[derive(Debug)]
pub(crate) struct Recent {
    tags: Vec<u32>,
    rows: usize,
}

impl Default for Recent {
    fn default() -> Self {
        Self::with_rows(ROWS)
    }
}

impl Recent {
    fn with_rows(rows: usize) -> Self {
        Self { tags: vec![0; rows * SLOTS], rows }
    }

    /// Notes a fact; `false` when it was known.
    pub(crate) fn insert(&mut self, kind: SignalKind, id: ReceiptId) -> bool {
        // A mail's recipient has one id, whether the mail was sent or bounced.
        let salt: u64 = match kind {
            SignalKind::Send => 0,
            SignalKind::Bounce => 0x9e37_79b9_7f4a_7c15,
            SignalKind::Complaint => 0xbf58_476d_1ce4_e5b9,
            SignalKind::Prevented => 0x94d0_49bb_1331_11eb,
        };
        let hash = u64::from_be_bytes(id.0) ^ salt;
        let [a, b, c, d, e, f, g, h] = hash.to_le_bytes();
        let row = usize::try_from(u32::from_le_bytes([a, b, c, d])).unwrap_or(0) % self.rows;
        // 0 is an empty slot.
        let tag = u32::from_le_bytes([e, f, g, h]).max(1);
        let Some(row) = self.tags.get_mut(row * SLOTS..(row + 1) * SLOTS) else { return true };
        if row.contains(&tag) {
            return false;
        }
        row.rotate_right(1);
        if let Some(latest) = row.first_mut() {
            *latest = tag;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> ReceiptId {
        // Spread as a hash is.
        ReceiptId(
            number
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .rotate_left(29)
                .wrapping_mul(0xbf58_476d_1ce4_e5b9)
                .to_be_bytes(),
        )
    }

    #[test]
    fn a_fact_is_known_the_second_time_and_kinds_are_apart() {
        let mut recent = Recent::with_rows(1 << 12);
        for number in 0..1_000 {
            assert!(SignalKind::ALL.into_iter().all(|kind| recent.insert(kind, id(number))), "{number}");
        }
        assert!((0..1_000).all(|number| !recent.insert(SignalKind::Send, id(number))));
    }

    #[test]
    fn the_oldest_is_forgotten_when_the_memory_is_full() {
        let mut recent = Recent::with_rows(1);
        assert!((1..=9).all(|number| recent.insert(SignalKind::Send, id(number))));
        assert!(!recent.insert(SignalKind::Send, id(9)));
        assert!(recent.insert(SignalKind::Send, id(1)));
    }
}
