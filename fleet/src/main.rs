//! `fleet`: plays synthetic fleets past the shipped rule and others, and prints the tables of the simulation page.

use std::io::Write;

use clap::{Parser, Subcommand};
use guard_fleet::fleet::Fleet;
use guard_fleet::mail::{HOUR, MINUTE, SECOND};
use guard_fleet::rule::Rule;
use guard_fleet::study::{Score, Study, Truth};
use guard_fleet::{report, triggered};

/// Plays synthetic fleets past the shipped rule and others; prints Markdown.
#[derive(Debug, Parser)]
struct Args {
    /// Where chance begins: the same seed gives the same figures.
    #[arg(long, global = true, default_value_t = 1)]
    seed: u64,
    /// How many runs of 14 days (of `triggered`: accounts); each table has its own default.
    #[arg(long, global = true)]
    runs: Option<u32>,
    #[command(subcommand)]
    table: Table,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Table {
    /// 2,000 senders: false pauses, share found, bad mails until the pause (6 runs)
    Rules,
    /// 60 senders: whether the account passes AWS's lines (100 runs)
    Account,
    /// 60 healthy senders: what an account comes to with nobody to blame (100 runs)
    Healthy,
    /// 60 senders: what a late decision costs (90 runs)
    Latency,
    /// Accounts at the guard's trigger: whom each ranking pauses (139 accounts)
    Triggered,
}

fn main() -> std::io::Result<()> {
    let args = Args::parse();
    let small = |fleet, runs, rules| args.study(fleet, runs, rules, true);
    let text = match args.table {
        Table::Rules => args
            .study(Fleet::LARGE, 6, Rule::all(), false)
            .tables(|study, truth, scores| report::rules(study, truth, scores) + "\n" + &report::kinds(truth, scores)),
        Table::Account => {
            small(Fleet::SMALL, 100, Rule::all()).tables(|_, truth, scores| report::accounts(truth, scores))
        }
        Table::Healthy => small(Fleet::SMALL.all_healthy(), 100, vec![Rule::NOBODY, Rule::shipped()])
            .tables(|_, truth, scores| report::accounts(truth, scores)),
        Table::Latency => small(Fleet::SMALL, 90, latencies()).tables(|_, _, scores| report::latencies(scores)),
        Table::Triggered => {
            let accounts = args.runs.unwrap_or(triggered::ACCOUNTS);
            triggered::report(accounts, &triggered::play(args.seed, accounts))
        }
    };
    writeln!(std::io::stdout(), "{text}")
}

/// A study that was played.
struct Played {
    study: Study,
    truth: Truth,
    scores: Vec<Score>,
}

impl Args {
    fn study(&self, fleet: Fleet, runs: u32, rules: Vec<Rule>, accounts: bool) -> Played {
        let study = Study { fleet, seed: self.seed, runs: self.runs.unwrap_or(runs) };
        let (truth, scores) = study.play(&rules, accounts);
        Played { study, truth, scores }
    }
}

impl Played {
    fn tables(self, tables: impl Fn(&Study, &Truth, &[Score]) -> String) -> String {
        let Self { study, truth, scores } = self;
        format!("{}\n\n{}", report::heading(&study, &truth), tables(&study, &truth, &scores))
    }
}

fn latencies() -> Vec<Rule> {
    let late = [2, 10, 30, 60].map(|seconds| Rule { latency: seconds * SECOND, ..Rule::shipped() });
    let timed = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR].map(|interval| Rule::shipped().every(interval));
    late.into_iter().chain(timed).collect()
}
