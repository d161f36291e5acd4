//! Time runs once more, for one configuration set at a time, through the guard's own judge, register and states.
//!
//! A second's events are one batch, sends first, as the counting step has it. After each second with a bounce or a
//! complaint the set is judged, by every policy; a pause is carried out after a fixed delay. Nothing resumes a set: its
//! operator would have, and when nobody can tell.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use futures::FutureExt;
use guard_core::audit::{Act, AuditRecord};
use guard_core::event::SignalKind;
use guard_core::name::{CallerIdentity, SetKey};
use guard_core::policy::{Mode, PolicyBook};
use guard_core::port::{Ledger, Register};
use guard_core::state::Intent;
use guard_core::steps::decide::{Judge, Outcome};
use guard_core::tally::{Addition, Slot};
use guard_core::time::{Bucket, plus_seconds};
use guard_local::{ManualClock, MemoryLedger, MemoryRegister, RecordedReminders};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::archive::{Archive, History, Part};
use crate::cells::{Failed, Sent};
use crate::report::{Decision, Report, assemble};

/// A policy with the name under which it is reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPolicy {
    /// The file's, say.
    pub name: String,
    /// What it says.
    pub book: PolicyBook,
}

/// What one policy would have done to one set.
#[derive(Debug, Clone, Default)]
pub(crate) struct Course {
    pub(crate) profile: String,
    pub(crate) mode: Option<Mode>,
    pub(crate) exempt: Option<String>,
    pub(crate) warned: Option<Decision>,
    pub(crate) warnings: u64,
    pub(crate) paused: Option<Decision>,
    pub(crate) would_pause: Option<Decision>,
    pub(crate) degraded: Option<Decision>,
}

/// Replays an archive under each policy. A pause takes effect `latency_seconds` after its decision.
pub fn replay(archive: &Archive, policies: &[NamedPolicy], latency_seconds: u32, threads: usize) -> Report {
    let mut sets: Vec<(&SetKey, &History)> = archive.sets.iter().collect();
    // The longest first, so that the threads finish together.
    sets.sort_by_key(|(set, history)| (std::cmp::Reverse(history.failed().count()), *set));
    let next = AtomicUsize::new(0);
    let courses: Mutex<BTreeMap<&SetKey, Vec<Course>>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..threads.clamp(1, sets.len().max(1)) {
            scope.spawn(|| {
                while let Some((set, history)) = sets.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = Past::of(set, history, MemoryLedger::default()).run(policies, latency_seconds);
                    courses.lock().unwrap_or_else(PoisonError::into_inner).insert(set, found);
                }
            });
        }
    });
    let courses = courses.into_inner().unwrap_or_else(PoisonError::into_inner);
    assemble(archive, policies, &courses, latency_seconds)
}

/// One set's past, as far as it has been counted.
pub(crate) struct Past<'a> {
    set: &'a SetKey,
    parts: Vec<Counting<'a>>,
    ledger: MemoryLedger,
}

/// One sender's part of it.
struct Counting<'a> {
    sender: Option<&'a CallerIdentity>,
    part: &'a Part,
    /// How many of the sends, and of the failures, are counted.
    counted: (usize, usize),
}

impl<'a> Counting<'a> {
    fn uncounted_sends(&self) -> &'a [Sent] {
        self.part.sent.as_slice().get(self.counted.0..).unwrap_or_default()
    }

    fn uncounted_failures(&self) -> &'a [Failed] {
        self.part.failed.as_slice().get(self.counted.1..).unwrap_or_default()
    }
}

impl<'a> Past<'a> {
    pub(crate) fn of(set: &'a SetKey, history: &'a History, ledger: MemoryLedger) -> Self {
        let parts = history.parts().map(|(sender, part)| Counting { sender, part, counted: (0, 0) }).collect();
        Self { set, parts, ledger }
    }

    /// Leaves counts and state as they are at the end, `at`; of a set that is paused, as they were then.
    pub(crate) fn settle(mut self, book: &PolicyBook, register: MemoryRegister, latency_seconds: u32, at: Timestamp) {
        let mut guards = [Guard::of(book, self.ledger.clone(), register, latency_seconds)];
        self.play(&mut guards);
        let Ok(end) = u32::try_from(at.as_second()) else { return };
        let [guard] = &mut guards;
        if guard.course.paused.is_none() {
            self.count_until(end);
            guard.judge(self.set, at);
        }
    }

    fn run(mut self, policies: &[NamedPolicy], latency_seconds: u32) -> Vec<Course> {
        let mut guards: Vec<Guard<'_>> = policies
            .iter()
            .map(|policy| Guard::of(&policy.book, self.ledger.clone(), MemoryRegister::default(), latency_seconds))
            .collect();
        self.play(&mut guards);
        guards.into_iter().map(|guard| guard.course).collect()
    }

    fn play(&mut self, guards: &mut [Guard<'_>]) {
        if let Some(first) = self.first_moment() {
            guards.iter_mut().for_each(|guard| guard.begin_day(self.set, first));
        }
        while let Some((second, failed)) = self.next_moment(guards) {
            self.count_until(second);
            let now = instant(second);
            for guard in guards.iter_mut() {
                if failed || guard.recheck_at.is_some_and(|at| at <= second) {
                    guard.judge(self.set, now);
                }
            }
            if guards.iter().all(|guard| guard.course.paused.is_some()) {
                break;
            }
        }
    }

    fn first_moment(&self) -> Option<Timestamp> {
        let sent = self.parts.iter().filter_map(|part| part.uncounted_sends().first()).map(|sent| sent.at);
        let failed = self.parts.iter().filter_map(|part| part.uncounted_failures().first()).map(|failed| failed.at);
        sent.chain(failed).min().map(instant)
    }

    /// When something has to be judged next, and whether something failed then.
    fn next_moment(&self, guards: &[Guard<'_>]) -> Option<(u32, bool)> {
        let of_part = |part: &Counting<'_>| {
            part.uncounted_failures().iter().find(|failed| failed.kind.is_failure()).map(|failed| failed.at)
        };
        let failure = self.parts.iter().filter_map(of_part).min();
        let recheck = guards.iter().filter_map(|guard| guard.recheck_at).min();
        let second = failure.into_iter().chain(recheck).min()?;
        Some((second, failure == Some(second)))
    }

    /// Counts everything up to this second, sends first: through the ledger, as any batch.
    fn count_until(&mut self, second: u32) {
        let mut additions: BTreeMap<Bucket, Addition> = BTreeMap::new();
        for part in &mut self.parts {
            let sent = part.uncounted_sends().iter().take_while(|sent| sent.at <= second);
            let failed = part.uncounted_failures().iter().take_while(|failed| failed.at <= second);
            let sends =
                sent.map(|sent| Failed { at: sent.at, sent_at: sent.at, kind: SignalKind::Send, count: sent.count });
            for cell in sends.chain(failed.copied()) {
                let bucket = Bucket::of(instant(cell.sent_at));
                let addition = additions.entry(bucket).or_insert_with(|| Addition::empty(self.set.clone(), bucket));
                add(addition, part.sender, &cell);
                match cell.kind {
                    SignalKind::Send => part.counted.0 += 1,
                    SignalKind::Bounce | SignalKind::Complaint | SignalKind::Prevented => part.counted.1 += 1,
                }
            }
        }
        for addition in additions.values() {
            at_once(self.ledger.add(addition));
        }
    }
}

/// Duplicates are out already, so the number of receipts is exact without their ids.
fn add(addition: &mut Addition, sender: Option<&CallerIdentity>, cell: &Failed) {
    for (_, receipts) in addition.receipts.iter_mut().filter(|(kind, _)| *kind == cell.kind) {
        receipts.receipts += u64::from(cell.count);
    }
    if let Some(sender) = sender {
        addition.share(sender, cell.kind, cell.count.into(), false);
    }
    let slot = Some(Slot::of(instant(cell.sent_at)));
    match cell.kind {
        SignalKind::Send => addition.newest_send = addition.newest_send.max(slot),
        SignalKind::Bounce | SignalKind::Complaint => addition.newest_failure = addition.newest_failure.max(slot),
        SignalKind::Prevented => {}
    }
}

fn instant(second: u32) -> Timestamp {
    Timestamp::from_second(second.into()).unwrap_or(Timestamp::MAX)
}

/// One policy's guard over one set.
struct Guard<'a> {
    book: &'a PolicyBook,
    /// Set to judge by what the book says of the set on this day: exemptions end with one.
    today: Option<Date>,
    judge: Judge<MemoryLedger, MemoryRegister, RecordedReminders, ManualClock>,
    recheck_at: Option<u32>,
    latency_seconds: u32,
    course: Course,
}

impl<'a> Guard<'a> {
    fn of(book: &'a PolicyBook, ledger: MemoryLedger, register: MemoryRegister, latency_seconds: u32) -> Self {
        let judge = Judge {
            ledger,
            register,
            reminder: RecordedReminders::default(),
            clock: ManualClock::at(Timestamp::MIN),
            policy: Arc::new(book.clone()),
            mode: Mode::Enforce,
        };
        Self { book, today: None, judge, recheck_at: None, latency_seconds, course: Course::default() }
    }

    fn judge(&mut self, set: &SetKey, now: Timestamp) {
        self.recheck_at = None;
        if self.course.paused.is_some() {
            return;
        }
        self.begin_day(set, now);
        self.judge.clock.set(now);
        at_once(self.judge.register.mark(set));
        match at_once(self.judge.judge(set)) {
            Some(Outcome::Changed(_, records)) => records.into_iter().for_each(|record| self.note(set, record)),
            Some(Outcome::Rechecking(seconds)) => {
                let at = plus_seconds(now, seconds.into()).as_second();
                self.recheck_at = u32::try_from(at).ok();
            }
            Some(Outcome::Kept(_) | Outcome::Later | Outcome::Contended) | None => {}
        }
        self.judge.register.take_stream();
    }

    /// Whoever observes wants to know what enforcing would do, so the set's numbers are enforced whatever its mode; only
    /// who is exempt is never paused.
    fn begin_day(&mut self, set: &SetKey, now: Timestamp) {
        let today = now.to_zoned(TimeZone::UTC).date();
        if self.today == Some(today) {
            return;
        }
        self.today = Some(today);
        let found = self.book.for_set(&set.name, now);
        self.course.profile = found.profile.to_string();
        self.course.mode = Some(found.mode);
        self.course.exempt = found.exempt.as_ref().map(|exempt| exempt.reason.clone());
        let exempt = found.exempt.is_some();
        self.judge.policy = Arc::new(if exempt { self.book.clone() } else { found.enforced() });
    }

    /// Keeps the first of each kind. Of all acts on file only these can come of judging.
    fn note(&mut self, set: &SetKey, record: AuditRecord) {
        let pauses = record.act == Act::PauseIntended;
        let delay = if pauses { self.latency_seconds } else { 0 };
        let effective_at = plus_seconds(record.at, delay.into());
        let decision = Decision { at: record.at, effective_at, sentence: record.sentence, evidence: record.evidence };
        let course = &mut self.course;
        if pauses {
            course.paused.get_or_insert(decision);
            if let Some(state) = at_once(self.judge.register.read(set)) {
                at_once(self.judge.register.commit(&state.confirmed(set, Intent::Pause, effective_at)));
            }
        } else if record.act == Act::Warned {
            course.warnings += 1;
            course.warned.get_or_insert(decision);
        } else if record.act == Act::WouldPause {
            course.would_pause.get_or_insert(decision);
        } else if record.act == Act::CountingDegraded {
            course.degraded.get_or_insert(decision);
        }
    }
}

/// What is in memory answers at once, and never with a fault.
fn at_once<T, E>(answer: impl Future<Output = Result<T, E>>) -> Option<T> {
    answer.now_or_never()?.ok()
}
