//! Makes a play that breaks a promise small: leaves out what is not needed for it.

use std::collections::BTreeSet;

use crate::fault::Struck;
use crate::run::{Play, Played};
use crate::script::Happening;

/// At most so many attempts.
const ATTEMPTS: usize = 600;

/// One thing that can be left out.
#[derive(Clone)]
enum Piece {
    Happening(i64, Happening),
    Fault(Struck),
}

/// The smallest play found that breaks the same promise, and what comes of it, with its trace. `None` when it breaks none.
pub fn shrink(play: &Play) -> Option<(Play, Played)> {
    let broken = play.run(false);
    let promise = broken.violation.as_ref()?.promise;
    let mut pieces: Vec<Piece> =
        play.script.happenings.iter().map(|(at, happening)| Piece::Happening(*at, happening.clone())).collect();
    pieces.extend(broken.struck.iter().map(|struck| Piece::Fault(*struck)));
    let breaks = |pieces: &[Piece]| {
        let played = with(play, pieces).run(false);
        played.violation.is_some_and(|violation| violation.promise == promise)
    };
    // Played from the list alone it should break as it did; if it does not, the play stays as it is.
    if !breaks(&pieces) {
        return Some((play.clone(), play.run(true)));
    }
    let mut attempts = 0;
    let mut size = pieces.len().div_ceil(2);
    while size > 0 && attempts < ATTEMPTS {
        let mut at = 0;
        let mut left_out = false;
        while at < pieces.len() && attempts < ATTEMPTS {
            let mut fewer = pieces.clone();
            fewer.drain(at..(at + size).min(pieces.len()));
            attempts += 1;
            if breaks(&fewer) {
                pieces = fewer;
                left_out = true;
            } else {
                at += size;
            }
        }
        size = if left_out && size == 1 { 1 } else { size / 2 };
    }
    let small = with(play, &pieces);
    let played = small.run(true);
    Some((small, played))
}

fn with(play: &Play, pieces: &[Piece]) -> Play {
    let mut smaller = play.clone();
    smaller.script.happenings.clear();
    let mut only = BTreeSet::new();
    for piece in pieces {
        match piece {
            Piece::Happening(at, happening) => smaller.script.happenings.push((*at, happening.clone())),
            Piece::Fault(struck) => drop(only.insert(*struck)),
        }
    }
    smaller.only = Some(only);
    smaller
}
