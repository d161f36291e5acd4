//! Policies as people push them, and as the oracle draws their lines: each is written down twice, once as text for the
//! guard and once as numbers.

use crate::dice::Dice;

/// Rate in millionths, slack, slack on trial.
pub type Line = (u64, u64, u64);

/// The numbers of one policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How many hours are judged.
    pub window_hours: u32,
    /// Of hard bounces.
    pub bounces: Line,
    /// Of complaints.
    pub complaints: Line,
    /// Nobody is paused.
    pub observes: bool,
    /// The set that is never paused.
    pub spares: Option<usize>,
    /// From which rates on the account as a whole is stopped, in millionths: bounces and complaints.
    pub stop: Option<(u64, u64)>,
}

/// The lines of the profiles `default`, `strict` and `transactional`, as `docs/POLICY.md` prints them.
const LINES: [(&str, Line, Line); 3] = [
    ("default", (50_000, 10, 5), (1_000, 5, 3)),
    ("strict", (40_000, 7, 4), (800, 4, 3)),
    ("transactional", (50_000, 20, 10), (1_000, 8, 4)),
];

/// The names of the configuration sets of a run.
pub const SETS: [&str; 3] = ["promo", "shop", "news"];

impl Rules {
    /// The built-in lines over so many hours.
    pub fn built_in(window_hours: u32) -> Self {
        let (_, bounces, complaints) = LINES[0];
        Self { window_hours, bounces, complaints, observes: false, spares: None, stop: None }
    }

    /// Others.
    pub fn any(dice: &mut Dice, sets: usize) -> Self {
        let (_, bounces, complaints) = dice.pick(&LINES);
        let spared = usize::try_from(dice.below(sets as u64)).unwrap_or(0);
        Self {
            window_hours: dice.pick(&[1, 2, 24, 168]),
            bounces,
            complaints,
            observes: dice.one_in(6),
            spares: dice.one_in(4).then_some(spared),
            stop: None,
        }
    }

    /// Whether they let nobody pause this set.
    pub fn spare(&self, set: &str) -> bool {
        self.observes || self.spares.is_some_and(|spared| SETS[spared] == set)
    }

    /// The text that is pushed.
    pub fn text(&self) -> String {
        let profile =
            LINES.iter().find(|(_, bounces, _)| *bounces == self.bounces).map_or("default", |(name, ..)| *name);
        let mode = if self.observes { "observe" } else { "enforce" };
        let mut text = format!(
            "mode = \"{mode}\"\n[profile.run]\nbased_on = \"{profile}\"\nwindow = \"{} hours\"\n\
             [[assign]]\nsets = [\"*\"]\nprofile = \"run\"\n",
            self.window_hours
        );
        if let Some(spared) = self.spares {
            let set = SETS[spared];
            let exempt = "reason = \"one-off import, ticket 4711\"\nexpires = 2027-01-31\n";
            text.push_str(&format!("[[exempt]]\nsets = [\"{set}\"]\n{exempt}"));
        }
        text.push_str("[account]\nmin_mails = 300\n");
        if let Some((bounces, complaints)) = self.stop {
            let percent = |millionths: u64| format!("{}.{:02} %", millionths / 10_000, millionths / 100 % 100);
            let (bounces, complaints) = (percent(bounces), percent(complaints));
            text.push_str(&format!("stop = {{ bounce = \"{bounces}\", complaint = \"{complaints}\" }}\n"));
        }
        text
    }
}
