//! Who sends: a configuration set with the habits of whoever uses it.

use crate::draw::{Draw, whole};
use crate::mail::{DAY, HOUR, MINUTE, Mail, Millis, RUN, Rates, SECOND};

/// What is wrong with a sender, if anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Nothing: 0.1 to 2 % bounces, 0.005 to 0.05 % complaints.
    Healthy,
    /// 4 to 7 % bounces, always. Neither pausing it nor sparing it counts as a mistake.
    Borderline,
    /// Begins to mail a bought list: 15 to 40 % bounces.
    BoughtList,
    /// A healthy one whose key is stolen: a blast with 8 to 30 % bounces beside its own mail.
    TurnedBad,
    /// A healthy one whose bounces rise over 5 to 10 days.
    Drifting,
    /// Begins to mail people who never asked: good addresses, 0.2 to 1 % complaints.
    Spammer,
}

/// One sender: its mail, and the truth about it that no rule knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// What is wrong with it.
    pub kind: Kind,
    /// Up to here a pause is a mistake.
    pub healthy_until: Millis,
    /// All it would send.
    pub mail: Mail,
}

impl Sender {
    /// Whether it should be found: it sends mail that should be stopped.
    pub fn is_bad(&self) -> bool {
        self.kind != Kind::Borderline && self.mail.slices.iter().any(|slice| slice.bad)
    }
}

/// How much the senders of a fleet send.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Volumes {
    /// Mails a day of the middle one.
    pub median: f64,
    /// How far they spread: two thirds within a factor of `e^sigma`.
    pub sigma: f64,
}

/// Half a million mails an hour.
const FASTEST_PER_SECOND: f64 = 139.0;
/// Mails a day of the biggest.
const BIGGEST: f64 = 1_500_000.0;
/// How much one mailing's rates differ from the next.
const MAILING_SIGMA: f64 = 0.35;

/// A sender's usual mail.
struct Habit {
    transactional_per_day: f64,
    mailed_per_day: f64,
    mailings_per_week: f64,
    rates: Rates,
}

impl Habit {
    /// 5 % send 5 to 20 mails a day. 50 % send one by one, 35 % in mailings, 15 % both.
    fn of(draw: &mut Draw, volumes: Volumes, tiny: bool) -> Self {
        let per_day = if tiny && draw.chance(0.05) {
            draw.between(5.0, 20.0)
        } else {
            draw.log_normal(volumes.median, volumes.sigma).min(BIGGEST)
        };
        let way = draw.between(0.0, 1.0);
        let transactional = if way < 0.5 {
            1.0
        } else if way < 0.85 {
            0.0
        } else {
            0.5
        };
        Self {
            transactional_per_day: per_day * transactional,
            mailed_per_day: per_day * (1.0 - transactional),
            mailings_per_week: draw.between(0.5, 7.5).round().clamp(1.0, 7.0),
            rates: healthy(draw),
        }
    }

    /// Its mail of the whole run; `rates_at` gives the true rates of each moment.
    fn send(&self, draw: &mut Draw, mail: &mut Mail, rates_at: impl Fn(Millis) -> Rates) {
        self.send_one_by_one(draw, mail, &rates_at);
        self.send_mailings(draw, mail, 0, rates_at);
    }

    fn send_one_by_one(&self, draw: &mut Draw, mail: &mut Mail, rates_at: impl Fn(Millis) -> Rates) {
        const STEP: Millis = 15 * MINUTE;
        for start in (0..RUN).step_by(usize::try_from(STEP).unwrap_or(1)) {
            let hour = (start % DAY) as f64 / HOUR as f64;
            let by_day = 1.0 - 0.6 * (hour / 24.0 * std::f64::consts::TAU).cos();
            let mails = draw.count(self.transactional_per_day * by_day * STEP as f64 / DAY as f64);
            let rates = rates_at(start);
            mail.add(draw, start, STEP, mails, rates, rates.are_bad());
        }
    }

    fn send_mailings(&self, draw: &mut Draw, mail: &mut Mail, begin: Millis, rates_at: impl Fn(Millis) -> Rates) {
        let between = 7.0 / self.mailings_per_week;
        let mut day = begin as f64 / DAY as f64 + draw.between(0.0, between);
        while day * (DAY as f64) < RUN as f64 {
            let start = whole(day * DAY as f64);
            let mails = whole(self.mailed_per_day * between * draw.log_normal(1.0, 0.3));
            send_mailing(draw, mail, start, mails, rates_at(start));
            day += between * draw.between(0.7, 1.3);
        }
    }
}

/// A mailing of 5 minutes to 8 hours. One in ten starts with old contacts: 2.5 times the bounces in its first tenth.
/// Whether it is bad depends on the sender's rates, not on its luck.
fn send_mailing(draw: &mut Draw, mail: &mut Mail, start: Millis, mails: u64, rates: Rates) {
    let bad = rates.are_bad();
    let rates = rates.times(draw.log_normal(1.0, MAILING_SIGMA), draw.log_normal(1.0, MAILING_SIGMA));
    let fastest = mails as f64 / FASTEST_PER_SECOND * SECOND as f64;
    let length = whole(draw.log_between(5.0 * MINUTE as f64, 8.0 * HOUR as f64).max(fastest));
    let old = if draw.chance(0.1) { mails / 10 } else { 0 };
    mail.add(draw, start, length / 10, old, rates.times(2.5, 1.0), bad);
    let after = if old > 0 { length / 10 } else { 0 };
    mail.add(draw, start + after, length - after, mails - old, rates, bad);
}

fn healthy(draw: &mut Draw) -> Rates {
    Rates { bounce: draw.log_between(0.001, 0.02), complaint: draw.log_between(0.000_05, 0.000_5) }
}

/// One sender of this kind, with all it would send.
pub fn sender(draw: &mut Draw, kind: Kind, volumes: Volumes) -> Sender {
    let mut mail = Mail::default();
    let healthy_until = match kind {
        Kind::Healthy => {
            let habit = Habit::of(draw, volumes, true);
            habit.send(draw, &mut mail, |_| habit.rates);
            RUN
        }
        Kind::Borderline => {
            let habit = Habit::of(draw, volumes, true);
            let rates = Rates { bounce: draw.between(0.04, 0.07), ..habit.rates };
            habit.send(draw, &mut mail, |_| rates);
            0
        }
        Kind::BoughtList => bought_list(draw, &mut mail),
        Kind::TurnedBad => turned_bad(draw, &mut mail, volumes),
        Kind::Drifting => drifting(draw, &mut mail, volumes),
        Kind::Spammer => spammer(draw, &mut mail),
    };
    Sender { kind, healthy_until, mail: mail.sorted() }
}

/// Up to four mailings to the list, one a day, from some moment on.
fn bought_list(draw: &mut Draw, mail: &mut Mail) -> Millis {
    let begin = instant(draw, 0.0, 12.0);
    let rates = Rates { bounce: draw.between(0.15, 0.4), complaint: draw.between(0.000_5, 0.003) };
    let mailings = whole(draw.between(0.5, 4.5));
    let list = draw.log_normal(15_000.0, 1.5).clamp(200.0, 500_000.0);
    for day in 0..mailings {
        send_mailing(draw, mail, begin + day * DAY, whole(list), rates);
    }
    begin
}

/// One blast of up to half a million mails, on top of what the sender sends anyway.
fn turned_bad(draw: &mut Draw, mail: &mut Mail, volumes: Volumes) -> Millis {
    let habit = Habit::of(draw, volumes, true);
    habit.send(draw, mail, |_| habit.rates);
    let begin = instant(draw, 1.0, 13.5);
    let rates = Rates { bounce: draw.between(0.08, 0.3), complaint: draw.between(0.000_5, 0.003) };
    let mails = draw.log_normal(60_000.0, 1.8).clamp(1_000.0, 500_000.0);
    send_mailing(draw, mail, begin, whole(mails), rates);
    begin
}

/// From its usual rate to 8 to 25 %, in a straight line, and there it stays.
fn drifting(draw: &mut Draw, mail: &mut Mail, volumes: Volumes) -> Millis {
    let habit = Habit::of(draw, volumes, false);
    let days = draw.between(5.0, 10.0);
    let begin = instant(draw, 0.5, 13.0 - days);
    let end = draw.between(0.08, 0.25);
    habit.send(draw, mail, |at| {
        let way = at.saturating_sub(begin) as f64 / (days * DAY as f64);
        Rates { bounce: habit.rates.bounce + (end - habit.rates.bounce) * way.min(1.0), ..habit.rates }
    });
    begin
}

/// Three to seven mailings a week from some moment on.
fn spammer(draw: &mut Draw, mail: &mut Mail) -> Millis {
    let begin = instant(draw, 0.0, 10.0);
    let rates = Rates { complaint: draw.between(0.002, 0.01), ..healthy(draw) };
    let habit = Habit {
        transactional_per_day: 0.0,
        mailed_per_day: draw.log_normal(1_200.0, 1.3).min(BIGGEST),
        mailings_per_week: draw.between(2.5, 7.5).round(),
        rates,
    };
    habit.send_mailings(draw, mail, begin, |_| rates);
    begin
}

fn instant(draw: &mut Draw, from_day: f64, to_day: f64) -> Millis {
    whole(draw.between(from_day, to_day) * DAY as f64)
}
