//! Which senders make up a fleet.

use crate::draw::Draw;
use crate::sender::{Kind, Sender, Volumes, sender};

/// A fleet's make-up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fleet {
    /// How many senders there are.
    pub senders: u32,
    /// How many of each bad kind are among them.
    pub each_bad: u32,
    /// How many borderline ones are among them.
    pub borderline: u32,
    /// How much they send.
    pub volumes: Volumes,
}

impl Fleet {
    /// 2,000 senders, about 3.9 million mails a day, 116 of them bad.
    pub const LARGE: Self =
        Self { senders: 2_000, each_bad: 29, borderline: 60, volumes: Volumes { median: 250.0, sigma: 1.97 } };
    /// 60 senders, about 64,000 mails a day, one of each bad kind.
    pub const SMALL: Self =
        Self { senders: 60, each_bad: 1, borderline: 2, volumes: Volumes { median: 250.0, sigma: 1.7 } };

    /// With nobody bad in it.
    #[must_use]
    pub fn all_healthy(self) -> Self {
        Self { each_bad: 0, borderline: 0, ..self }
    }

    /// The senders of one run, one by one: a large fleet's mail need not be in memory at once.
    pub fn of_run(&self, seed: u64, run: u32) -> impl Iterator<Item = Sender> + use<> {
        let fleet = *self;
        (0..fleet.senders).map(move |index| sender(&mut Draw::of(seed, run, index), fleet.kind(index), fleet.volumes))
    }

    fn kind(&self, index: u32) -> Kind {
        let bad = [Kind::BoughtList, Kind::TurnedBad, Kind::Drifting, Kind::Spammer];
        let nth = usize::try_from(index.checked_div(self.each_bad).unwrap_or(u32::MAX)).unwrap_or(usize::MAX);
        match bad.get(nth) {
            Some(kind) => *kind,
            None if index < 4 * self.each_bad + self.borderline => Kind::Borderline,
            None => Kind::Healthy,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fleet_has_as_many_of_each_kind_as_it_says() {
        for (fleet, bad, borderline) in
            [(Fleet::LARGE, 29, 60), (Fleet::SMALL, 1, 2), (Fleet::SMALL.all_healthy(), 0, 0)]
        {
            let count = |kind| (0..fleet.senders).filter(|index| fleet.kind(*index) == kind).count();
            for kind in [Kind::BoughtList, Kind::TurnedBad, Kind::Drifting, Kind::Spammer] {
                assert_eq!(count(kind), bad);
            }
            assert_eq!(count(Kind::Borderline), borderline);
        }
    }

    #[test]
    fn a_seed_gives_the_same_mail_again_and_another_one_other_mail() {
        let fleet = Fleet { senders: 6, ..Fleet::SMALL };
        let of = |seed, run| fleet.of_run(seed, run).collect::<Vec<_>>();
        assert_eq!(of(1, 0), of(1, 0));
        assert_ne!(of(1, 0), of(2, 0));
        assert_ne!(of(1, 0), of(1, 1));
    }
}
