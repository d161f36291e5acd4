//! `ses-guard`: look at what the guard reads, and operate it from a terminal.

mod backtest;
mod dashboard;
mod doctor;
mod enrol;
mod inspect;
mod operate;
mod policy;
mod show;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Inspect events and operate the guard from a terminal.
#[derive(Debug, Parser)]
#[command(name = "ses-guard", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// One variant per command; each command's module has its arguments and a `run`.
#[derive(Debug, Subcommand)]
enum Command {
    Backtest(backtest::Backtest),
    Dashboard(dashboard::Dashboard),
    Doctor(doctor::Doctor),
    Enrol(enrol::Enrol),
    Inspect(inspect::Inspect),
    #[command(flatten)]
    Operate(operate::Operate),
    Policy(policy::Policy),
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Backtest(backtest) => backtest.run(),
        Command::Dashboard(dashboard) => dashboard.run(),
        Command::Doctor(doctor) => doctor.run(),
        Command::Enrol(enrol) => enrol.run(),
        Command::Inspect(inspect) => inspect.run(),
        Command::Operate(operate) => operate.run(),
        Command::Policy(policy) => policy.run(),
    }
}
