//! `fleet`: plays synthetic fleets past the shipped rule and others, and prints the tables of the simulation page.

use std::io::Write;

use clap::{Parser, Subcommand};
use guard_fleet::fleet::Fleet;
use guard_fleet::mail::{HOUR, MINUTE, SECOND};
use guard_fleet::report;
use guard_fleet::rule::Rule;
use guard_fleet::study::Study;

/// Plays synthetic fleets past the shipped rule and others; prints Markdown.
#[derive(Debug, Parser)]
struct Args {
    /// Where chance begins: the same seed gives the same figures.
    #[arg(long, global = true, default_value_t = 1)]
    seed: u64,
    /// How many runs of 14 days; each table has its own default.
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
}

fn main() -> std::io::Result<()> {
    let args = Args::parse();
    let (fleet, runs, rules, accounts) = match args.table {
        Table::Rules => (Fleet::LARGE, 6, Rule::all(), false),
        Table::Account => (Fleet::SMALL, 100, Rule::all(), true),
        Table::Healthy => (Fleet::SMALL.all_healthy(), 100, vec![Rule::NOBODY, Rule::shipped()], true),
        Table::Latency => (Fleet::SMALL, 90, latencies(), true),
    };
    let study = Study { fleet, seed: args.seed, runs: args.runs.unwrap_or(runs) };
    let (truth, scores) = study.play(&rules, accounts);
    let tables = match args.table {
        Table::Rules => report::rules(&study, &truth, &scores) + "\n" + &report::kinds(&truth, &scores),
        Table::Account | Table::Healthy => report::accounts(&truth, &scores),
        Table::Latency => report::latencies(&scores),
    };
    writeln!(std::io::stdout(), "{}\n\n{tables}", report::heading(&study, &truth))
}

fn latencies() -> Vec<Rule> {
    let late = [2, 10, 30, 60].map(|seconds| Rule { latency: seconds * SECOND, ..Rule::shipped() });
    let timed = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR].map(|interval| Rule::shipped().every(interval));
    late.into_iter().chain(timed).collect()
}
