//! SES's switches, with their past: who turned which, and when.

/// Who turned a switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Nobody: it was made so.
    Nobody,
    /// The guard.
    Guard,
    /// A person, in the console.
    Person,
}

/// A switch was turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// When, in epoch milliseconds.
    pub at: i64,
    /// To what.
    pub on: bool,
    /// Whether there is such a set at all.
    pub exists: bool,
    /// By whom.
    pub by: By,
}

/// How long a look may show what was so before.
pub const STALE: i64 = 100_000;

/// The switch of one configuration set.
#[derive(Debug)]
pub struct Switch {
    turns: Vec<Turn>,
}

impl Switch {
    /// On since then.
    pub fn new(at: i64) -> Self {
        Self { turns: vec![Turn { at, on: true, exists: true, by: By::Nobody }] }
    }

    /// What is so now.
    pub fn now(&self) -> Turn {
        self.turns[self.turns.len() - 1]
    }

    /// Turns it; to turn it to where it is changes nothing. Gives what was so before.
    pub fn turn(&mut self, on: bool, by: By, at: i64) -> Turn {
        let before = self.now();
        if before.on != on {
            self.turns.push(Turn { at, on, exists: true, by });
        }
        before
    }

    /// A person deletes the set, or creates it again: then it may send.
    pub fn exists(&mut self, exists: bool, at: i64) {
        if self.now().exists != exists {
            self.turns.push(Turn { at, on: exists, exists, by: By::Person });
        }
    }

    /// What a look at a copy that is behind shows; the same as [`Switch::now`] when nothing changed lately.
    pub fn behind(&self, now: i64) -> Turn {
        let latest = self.now();
        match self.turns.len() {
            many @ 2.. if latest.at + STALE > now => self.turns[many - 2],
            _ => latest,
        }
    }

    /// The latest turn in this direction by this hand, if there was any.
    pub fn latest(&self, on: bool, by: By) -> Option<Turn> {
        self.turns.iter().rev().find(|turn| turn.on == on && turn.by == by).copied()
    }

    /// Since when it has been as it is.
    pub fn since(&self) -> i64 {
        self.now().at
    }
}
