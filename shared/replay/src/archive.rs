//! Everything that was read, as far as it is kept: per configuration set, how much in which second.

use std::collections::{BTreeMap, HashMap};

use guard_core::event::{MAX_AGE_SECONDS, Signal, SignalKind};
use guard_core::name::{CallerIdentity, SetKey};
use jiff::Timestamp;

use crate::cells::{Cells, Failed, Sent};
use crate::intake::{Intake, Ledger, Spot};
use crate::recent::Recent;
use crate::sink::Sink;

/// How coarse the seconds may become, when there are too many of them.
const GRAINS: [u32; 3] = [10, 60, 900];
/// Blocks between two looks at how much is kept.
const LOOK_EVERY: u32 = 64;

/// Senders of one set that are told apart; what others sent is nobody's.
const SENDERS: usize = 1_000;

/// What one configuration set sent, and what came of it: of each sender apart, `None` where SES did not say who.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    parts: BTreeMap<Option<CallerIdentity>, Part>,
}

/// What one sender sent with a set.
#[derive(Debug, Clone, Default)]
pub(crate) struct Part {
    pub(crate) sent: Cells<Sent>,
    pub(crate) failed: Cells<Failed>,
}

impl History {
    /// When the last of it happened.
    pub(crate) fn last_moment(&self) -> Option<Timestamp> {
        let sent = self.sent().map(|sent| sent.at).max();
        let failed = self.failed().map(|failed| failed.at).max();
        Timestamp::from_second(sent.max(failed)?.into()).ok()
    }

    pub(crate) fn parts(&self) -> impl Iterator<Item = (Option<&CallerIdentity>, &Part)> {
        self.parts.iter().map(|(sender, part)| (sender.as_ref(), part))
    }

    fn part(&mut self, sender: Option<CallerIdentity>) -> &mut Part {
        let fits = self.parts.len() < SENDERS || self.parts.contains_key(&sender);
        self.parts.entry(sender.filter(|_| fits)).or_default()
    }

    fn cells(&self) -> usize {
        self.parts.values().map(|part| part.sent.len() + part.failed.len()).sum()
    }

    pub(crate) fn sent(&self) -> impl Iterator<Item = &Sent> {
        self.parts.values().flat_map(|part| part.sent.as_slice())
    }

    pub(crate) fn failed(&self) -> impl Iterator<Item = &Failed> {
        self.parts.values().flat_map(|part| part.failed.as_slice())
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
        let history = self.sets.entry(signal.set).or_default().part(signal.sender);
        match signal.kind {
            SignalKind::Send => history.sent.push(Sent { at: at - at % grain, count }),
            kind @ (SignalKind::Bounce | SignalKind::Complaint | SignalKind::Prevented) => {
                history.failed.push(Failed { at: at - at % grain, sent_at: sent_at - sent_at % grain, kind, count });
            }
        }
    }

    /// Memory must not follow the events: beyond so many cells, time is looked at more coarsely.
    fn stay_small(&mut self) {
        let kept = |sets: &HashMap<SetKey, History>| -> usize { sets.values().map(History::cells).sum() };
        while kept(&self.sets) > self.most_cells
            && let Some(coarser) = GRAINS.into_iter().find(|grain| *grain > self.grain)
        {
            self.grain = coarser;
            for part in self.sets.values_mut().flat_map(|history| history.parts.values_mut()) {
                part.sent.coarsen(coarser);
                part.failed.coarsen(coarser);
            }
        }
    }

    pub(crate) fn finish(mut self, names: &[String]) -> Archive {
        self.stay_small();
        for part in self.sets.values_mut().flat_map(|history| history.parts.values_mut()) {
            part.sent.tidy();
            part.failed.tidy();
        }
        Archive { sets: self.sets, intake: self.ledger.into_intake(names), grain: self.grain }
    }
}
