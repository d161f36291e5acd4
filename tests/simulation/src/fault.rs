//! What goes wrong, how often, and what did.

use std::collections::BTreeSet;

use crate::dice::{Dice, drawn};

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A process dies at an await: before, while or after its request is carried out.
    Crash,
    /// A process stands still for up to 20 seconds, one that calls SES for up to 3, before it takes an answer.
    Stalled,
    /// A store does what it was asked, and its answer is lost.
    AnswerLost,
    /// A store refuses.
    Throttled,
    /// SES answers 429.
    SesThrottled,
    /// A call never reaches SES, and the caller waits in vain.
    SesLost,
    /// A call lands in SES 5 to 45 seconds after it was sent, when its caller has long given up.
    SesLate,
    /// SES does at once what it was asked, and its answer is lost.
    SesAnswerLost,
    /// SES answers a look with what was so up to 100 seconds ago.
    StaleLook,
    /// The queue hands a message to a second reader while the first has it.
    Redelivered,
    /// SES or SNS publishes an event twice: two messages of the queue.
    PublishedTwice,
    /// An event comes minutes after younger ones.
    Reordered,
    /// The acknowledgement of a message is lost.
    AckLost,
    /// A message kills whoever reads it, until its faults end.
    Poison,
    /// The stream loses a record, and nobody is woken by it.
    RecordLost,
    /// The stream is up to a minute behind.
    RecordLate,
    /// The sweep's wake-up of the actuator is lost.
    WakeLost,
    /// A minute's sweep does not come.
    SweepLost,
    /// A minute's sweep comes twice.
    SweepTwice,
    /// An index answers with what was so at the last question.
    IndexBehind,
    /// An operator orders something at an inconvenient moment.
    Order,
    /// Someone turns the switch in the console at an inconvenient moment.
    Console,
    /// A CloudWatch alarm of a set goes off.
    Alarm,
    /// The event about a turned switch is lost.
    TouchLost,
    /// A machine's clock is off.
    Skew,
    /// A store or a service is away for seconds to minutes. Part of the script; counted here.
    Outage,
    /// Dead letters are sent back to the queue. Part of the script; counted here.
    Replay,
    /// An operator pushes a policy at an inconvenient moment.
    Push,
    /// An operator puts a hold on a set, or takes it off, at an inconvenient moment.
    Hold,
    /// Somebody deletes a set in SES at an inconvenient moment, and perhaps creates it again.
    Deleted,
    /// CloudWatch lacks a minute's numbers of the guard.
    Unmeasured,
    /// SES publishes no events for minutes to hours. Part of the script; counted here.
    Deaf,
    /// AWS stops the account, or lets it send again. Part of the script; counted here.
    ShutDown,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 33] = [
        Self::Crash,
        Self::Stalled,
        Self::AnswerLost,
        Self::Throttled,
        Self::SesThrottled,
        Self::SesLost,
        Self::SesLate,
        Self::SesAnswerLost,
        Self::StaleLook,
        Self::Redelivered,
        Self::PublishedTwice,
        Self::Reordered,
        Self::AckLost,
        Self::Poison,
        Self::RecordLost,
        Self::RecordLate,
        Self::WakeLost,
        Self::SweepLost,
        Self::SweepTwice,
        Self::IndexBehind,
        Self::Order,
        Self::Console,
        Self::Alarm,
        Self::TouchLost,
        Self::Skew,
        Self::Outage,
        Self::Replay,
        Self::Push,
        Self::Hold,
        Self::Deleted,
        Self::Unmeasured,
        Self::Deaf,
        Self::ShutDown,
    ];

    /// How often it happens in a run of middling bad luck, in 100,000 occasions.
    fn usual(self) -> u64 {
        match self {
            Self::Crash => 700,
            Self::Stalled | Self::AnswerLost => 1_500,
            Self::Throttled => 3_000,
            Self::SesThrottled => 8_000,
            Self::SesLost | Self::SesAnswerLost => 4_000,
            Self::SesLate => 20_000,
            Self::StaleLook => 50_000,
            Self::Redelivered | Self::AckLost => 3_000,
            Self::PublishedTwice => 2_000,
            Self::Reordered => 10_000,
            Self::Poison => 300,
            Self::RecordLost | Self::TouchLost => 15_000,
            Self::RecordLate => 5_000,
            Self::WakeLost | Self::SweepLost | Self::SweepTwice => 10_000,
            Self::IndexBehind => 20_000,
            Self::Order => 15_000,
            Self::Console => 10_000,
            Self::Alarm => 5_000,
            Self::Skew => 50_000,
            Self::Outage | Self::Replay | Self::Deaf | Self::ShutDown => 0,
            Self::Unmeasured => 5_000,
            Self::Push => 2_000,
            Self::Hold => 6_000,
            Self::Deleted => 1_000,
        }
    }
}

/// One fault that happened: the `number`-th occasion of its kind.
pub type Struck = (Kind, u64);

/// The number of what the script has happen: it is no occasion.
const SCRIPTED: u64 = u64::MAX;

/// Decides at each occasion whether a fault happens.
#[derive(Debug, Clone)]
pub struct Faults {
    seed: u64,
    rates: Vec<u64>,
    only: Option<BTreeSet<Struck>>,
    occasions: Vec<u64>,
    dice: Dice,
    /// What happened so far.
    pub struck: Vec<Struck>,
    /// Whether anything may go wrong now.
    pub active: bool,
}

impl Faults {
    /// Those of a seed: each kind is absent, rare, usual or frequent in the whole run.
    pub fn of(seed: u64) -> Self {
        let mut dice = Dice::of(seed, 2);
        let rates = Kind::ALL.map(|kind| (kind.usual() * dice.pick(&[0, 1, 4, 12]) / 4).min(90_000));
        let occasions = vec![0; Kind::ALL.len()];
        Self {
            seed,
            rates: rates.to_vec(),
            only: None,
            occasions,
            struck: Vec::new(),
            active: true,
            dice: Dice::of(seed, 4),
        }
    }

    /// Those of a seed, but nothing that is not among these.
    pub fn only(seed: u64, struck: &BTreeSet<Struck>) -> Self {
        Self { only: Some(struck.clone()), ..Self::of(seed) }
    }

    /// An occasion: whether it happens.
    pub fn strikes(&mut self, kind: Kind) -> bool {
        if !self.active {
            return false;
        }
        let number = self.occasions[kind as usize];
        self.occasions[kind as usize] += 1;
        let strikes = match &self.only {
            Some(only) => only.contains(&(kind, number)),
            None => drawn(self.seed, 100 + kind as u64, number) % 100_000 < self.rates[kind as usize],
        };
        if strikes {
            self.struck.push((kind, number));
            self.dice = Dice::of(self.seed, 10_000_000 * (kind as u64 + 1) + number);
        }
        strikes
    }

    /// How bad the fault is that struck last: the same, whatever else struck.
    pub fn degree(&mut self, low: i64, high: i64) -> i64 {
        self.dice.between(low, high)
    }

    /// What else is to be drawn of the fault that struck last.
    pub fn dice(&mut self) -> &mut Dice {
        &mut self.dice
    }

    /// It happened, by the script.
    pub fn counted(&mut self, kind: Kind) {
        self.struck.push((kind, SCRIPTED));
    }
}
