//! How much was sent and failed in which second: all that is kept of a set's events.

use guard_core::event::SignalKind;

/// Below so many cells a list is not looked over.
const SMALL: usize = 4_096;

/// A list that is put in order, with equals joined, whenever it has doubled.
#[derive(Debug, Clone)]
pub(crate) struct Cells<T> {
    list: Vec<T>,
    tidy_at: usize,
}

impl<T> Default for Cells<T> {
    fn default() -> Self {
        Self { list: Vec::new(), tidy_at: SMALL }
    }
}

/// What can be counted together.
pub(crate) trait Cell: Copy + Ord {
    /// Takes the other in, if it is of the same moment and kind.
    fn joins(&mut self, other: &Self) -> bool;
    /// At the start of its slice of so many seconds.
    fn coarsened(self, grain: u32) -> Self;
}

impl<T: Cell> Cells<T> {
    pub(crate) fn push(&mut self, cell: T) {
        if self.list.last_mut().is_some_and(|last| last.joins(&cell)) {
            return;
        }
        self.list.push(cell);
        if self.list.len() >= self.tidy_at {
            self.tidy();
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// In order, each moment and kind once.
    pub(crate) fn tidy(&mut self) {
        self.list.sort_unstable();
        self.list.dedup_by(|next, kept| kept.joins(next));
        self.tidy_at = SMALL.max(self.list.len() * 2);
    }

    pub(crate) fn coarsen(&mut self, grain: u32) {
        self.list.iter_mut().for_each(|cell| *cell = cell.coarsened(grain));
        self.tidy();
        self.list.shrink_to_fit();
    }

    pub(crate) fn as_slice(&self) -> &[T] {
        &self.list
    }
}

/// So many sends in one second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sent {
    /// Seconds since 1970.
    pub(crate) at: u32,
    pub(crate) count: u32,
}

impl Cell for Sent {
    fn joins(&mut self, other: &Self) -> bool {
        let joins = self.at == other.at;
        if joins {
            self.count = self.count.saturating_add(other.count);
        }
        joins
    }

    fn coarsened(self, grain: u32) -> Self {
        Self { at: self.at - self.at % grain, ..self }
    }
}

/// So many failures, or prevented recipients, that came in one second and are of mail of one second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Failed {
    /// When they came.
    pub(crate) at: u32,
    /// When their mail was sent.
    pub(crate) sent_at: u32,
    pub(crate) kind: SignalKind,
    pub(crate) count: u32,
}

impl Cell for Failed {
    fn joins(&mut self, other: &Self) -> bool {
        let joins = (self.at, self.sent_at, self.kind) == (other.at, other.sent_at, other.kind);
        if joins {
            self.count = self.count.saturating_add(other.count);
        }
        joins
    }

    fn coarsened(self, grain: u32) -> Self {
        Self { at: self.at - self.at % grain, sent_at: self.sent_at - self.sent_at % grain, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_matter_and_equal_moments_are_one() {
        let numbers = 0..20_000_u32;
        let shuffled = numbers.clone().map(|number| number.wrapping_mul(7_919) % 20_000);
        let of = |order: &mut dyn Iterator<Item = u32>| {
            let mut cells = Cells::default();
            order.for_each(|number| cells.push(Sent { at: number / 4, count: 1 }));
            cells.tidy();
            cells
        };
        let cells = of(&mut shuffled.into_iter());
        assert_eq!(cells.as_slice(), of(&mut numbers.into_iter()).as_slice());
        assert_eq!(cells.len(), 5_000);
        assert!(cells.as_slice().iter().all(|sent| sent.count == 4));
    }

    #[test]
    fn coarser_slices_hold_as_much() {
        let mut cells = Cells::default();
        (0..100).for_each(|at| cells.push(Failed { at, sent_at: at / 2, kind: SignalKind::Bounce, count: 2 }));
        cells.coarsen(10);
        assert_eq!(cells.as_slice().first(), Some(&Failed { at: 0, sent_at: 0, kind: SignalKind::Bounce, count: 20 }));
        assert_eq!(cells.as_slice().iter().map(|failed| failed.count).sum::<u32>(), 200);
    }
}
