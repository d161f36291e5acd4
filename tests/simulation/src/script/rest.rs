//! What else people and other machines do: policies, deletions, the account as a whole, silence.

use super::{Happening, MINUTE, Order, Push, Script};
use crate::dice::Dice;
use crate::rules::Rules;

impl Script {
    /// What is drawn by dice of its own, so that the rest of a seed stays as it is.
    pub(super) fn change_the_rest(&mut self, dice: &mut Dice) {
        self.observes = dice.one_in(12);
        self.may_stop = dice.one_in(2);
        if self.guards_account && dice.one_in(2) {
            self.rules.stop = Some(dice.pick(&[(45_000, 900), (90_000, 4_500)]));
        }
        self.bare_identities = dice.pick(&[0, 0, 0, 2]);
        let orders = if dice.one_in(4) { dice.between(1, 4) } else { 0 };
        for _ in 0..orders {
            use Order::{Hold, Pause, Release, Resume};
            let order = dice.pick(&[Pause, Pause, Resume, Resume, Hold, Release]);
            self.happenings.push((dice.between(0, self.lasts), Happening::OrderedWhole(order)));
        }
        if dice.one_in(10) {
            let (at, on) = (dice.between(0, self.lasts), dice.one_in(2));
            self.happenings.push((at, Happening::TurnedWhole(!on)));
            self.happenings.push((dice.between(at, self.lasts), Happening::TurnedWhole(on)));
        }
        if dice.one_in(16) {
            let at = dice.between(0, self.lasts);
            self.happenings.push((at, Happening::ShutDown(true)));
            self.happenings.push((dice.between(at, self.lasts), Happening::ShutDown(false)));
        }
        match dice.below(16) {
            0 => {
                let (at, lasts) = (dice.between(0, self.lasts), dice.between(MINUTE, 60 * MINUTE));
                self.happenings.push((at, Happening::Deaf(lasts)));
            }
            1 => self.happenings.push(((self.lasts - 90 * MINUTE).max(0), Happening::Deaf(120 * MINUTE))),
            _ => {}
        }
        let pushes = if dice.one_in(3) { dice.between(1, 5) } else { 0 };
        for _ in 0..pushes {
            let push = self.any_push(dice);
            self.happenings.push((dice.between(0, self.lasts), Happening::Pushed(push)));
        }
        for set in 0..self.sets {
            if !dice.one_in(6) {
                continue;
            }
            // Sometimes back at once, sometimes after hours or never.
            let deleted = dice.between(0, self.lasts);
            self.happenings.push((deleted, Happening::Deleted(set)));
            let created = deleted + dice.pick(&[1_000, 3 * MINUTE, 20 * MINUTE, 60 * MINUTE]);
            if created < self.lasts {
                self.happenings.push((created, Happening::Created(set)));
            }
        }
    }

    /// A push at any moment.
    pub fn any_push(&self, dice: &mut Dice) -> Push {
        match dice.below(6) {
            0 => Push::Back,
            1 => Push::Clear,
            2 => Push::Plan(Rules::any(dice, self.sets)),
            _ => Push::New(Rules::any(dice, self.sets)),
        }
    }
}
