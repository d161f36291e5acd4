//! Everything that was read, as far as it is kept: per configuration set, how much in which second.

use std::collections::HashMap;

use guard_core::event::{MAX_AGE_SECONDS, Signal, SignalKind};
use guard_core::name::SetKey;
use jiff::Timestamp;

use crate::cells::{Cells, Failed, Sent};
use crate::intake::{Intake, Ledger, Spot};
use crate::recent::Recent;
use crate::sink::Sink;

/// How coarse the seconds may become, when there are too many of them.
const GRAINS: [u32; 3] = [10, 60, 900];
/// Blocks between two looks at how much is kept.
const LOOK_EVERY: u32 = 64;

/// What one configuration set sent, and what came of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    pub(crate) sent: Cells<Sent>,
    pub(crate) failed: Cells<Failed>,
}

impl History {
    /// When the last of it happened.
    pub(crate) fn last_moment(&self) -> Option<Timestamp> {
        let sent = self.sent.as_slice().iter().map(|sent| sent.at).max();
        let failed = self.failed.as_slice().iter().map(|failed| failed.at).max();
        Timestamp::from_second(sent.max(failed)?.into()).ok()
    }
}

/// Past events, ready to be replayed.
#[derive(Debug)]
pub struct Archive {
    pub(crate) sets: HashMap<SetKey, History>,
    pub(crate) intake: Intake,
    pub(crate) grain: u32,
}

impl Archive {
    /// What was read, and what was not.
    pub fn intake(&self) -> &Intake {
        &self.intake
    }
}

/// An archive while it is being read.
#[derive(Debug)]
pub(crate) struct Collector {
    sets: HashMap<SetKey, History>,
    ledger: Ledger,
    recent: Recent,
    now: Timestamp,
    most_cells: usize,
    grain: u32,
    blocks: u32,
}

impl Collector {
    pub(crate) fn new(now: Timestamp, most_cells: usize) -> Self {
        Self {
            sets: HashMap::new(),
            ledger: Ledger::default(),
            recent: Recent::default(),
            now,
            most_cells,
            grain: 1,
            blocks: 0,
        }
    }

    pub(crate) fn has_malformed(&self) -> bool {
        self.ledger.has_malformed()
    }

    pub(crate) fn reject(&mut self, kind: String, spot: Spot) {
        self.ledger.reject(kind, || spot);
    }

    pub(crate) fn absorb(&mut self, sink: Sink) {
        self.ledger.absorb(sink.ledger);
        sink.signals.into_iter().for_each(|signal| self.count(signal));
        self.blocks += 1;
        if self.blocks.is_multiple_of(LOOK_EVERY) {
            self.stay_small();
        }
    }

    fn count(&mut self, signal: Signal) {
        let occurred_at = signal.occurred_at.min(self.now).max(signal.sent_at);
        if occurred_at.as_second() - signal.sent_at.as_second() > MAX_AGE_SECONDS {
            self.ledger.too_late += 1;
            return;
        }
        let (Ok(at), Ok(sent_at)) = (u32::try_from(occurred_at.as_second()), u32::try_from(signal.sent_at.as_second()))
        else {
            self.ledger.events = self.ledger.events.saturating_sub(1);
            return self.ledger.ignore_as("mail.timestamp is before 1970", 1);
        };
        let new = signal.ids.iter().filter(|id| self.recent.insert(signal.kind, **id)).count();
        self.ledger.duplicates += (signal.ids.len() - new) as u64;
        let Some(count) = u32::try_from(new).ok().filter(|count| *count > 0) else { return };
        let grain = self.grain;
        let history = self.sets.entry(signal.set).or_default();
        match signal.kind {
            SignalKind::Send => history.sent.push(Sent { at: at - at % grain, count }),
            kind @ (SignalKind::Bounce | SignalKind::Complaint | SignalKind::Prevented) => {
                history.failed.push(Failed { at: at - at % grain, sent_at: sent_at - sent_at % grain, kind, count });
            }
        }
    }

    /// Memory must not follow the events: beyond so many cells, time is looked at more coarsely.
    fn stay_small(&mut self) {
        let kept = |sets: &HashMap<SetKey, History>| -> usize {
            sets.values().map(|history| history.sent.len() + history.failed.len()).sum()
        };
        while kept(&self.sets) > self.most_cells
            && let Some(coarser) = GRAINS.into_iter().find(|grain| *grain > self.grain)
        {
            self.grain = coarser;
            for history in self.sets.values_mut() {
                history.sent.coarsen(coarser);
                history.failed.coarsen(coarser);
            }
        }
    }

    pub(crate) fn finish(mut self, names: &[String]) -> Archive {
        self.stay_small();
        for history in self.sets.values_mut() {
            history.sent.tidy();
            history.failed.tidy();
        }
        Archive { sets: self.sets, intake: self.ledger.into_intake(names), grain: self.grain }
    }
}
