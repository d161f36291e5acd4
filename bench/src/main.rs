//! Measures one thing and prints what it took as JSON; `bench/parts/` makes a table of it.

use std::error::Error;
use std::io::Write;

use guard_bench::units::{LOADS, Load, Way};
use guard_bench::{archive, batch, growth, mail, money, reading, units};
use serde::Serialize;
use serde_json::json;

const USAGE: &str =
    "guard-bench hour COUNT FILE[.gz|.zst]     write made-up events, one a line; month COUNT FILE as well
guard-bench reading FILE ROUNDS             read and fold them
guard-bench invocations BATCHES MESSAGES    what it would be invoked with, one a line
guard-bench batch BATCHES MESSAGES          invoke the counting function's handler
guard-bench backtest THREADS FILE...        replay an archive
guard-bench units SECONDS READS             write units and money, READS units for a decision's window
guard-bench growth FOLDER                   how both grow, as plots
guard-bench once EVENTS ROUNDS              read and fold so many so often, for a profiler";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["hour", count, path] => archive::write(count.parse()?, mail::HOUR, path),
        ["month", count, path] => archive::write(count.parse()?, mail::MONTH, path),
        ["reading", path, rounds] => tell(&reading::measure(&std::fs::read_to_string(path)?, rounds.parse()?)),
        ["batch", batches, messages] => tell(&batch::measure(batches.parse()?, messages.parse()?)),
        ["invocations", batches, messages] => {
            let invocations = batch::invocations(batches.parse()?, messages.parse()?);
            let mut out = std::io::stdout().lock();
            Ok(invocations.into_iter().try_for_each(|invocation| writeln!(out, "{invocation}"))?)
        }
        ["backtest", threads, paths @ ..] => {
            let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
            tell(&archive::measure(&paths, threads.parse()?)?)
        }
        ["units", seconds, reads] => {
            let (seconds, reads) = (seconds.parse()?, reads.parse()?);
            let of = |load: &Load| {
                let load = Load { seconds, ..*load };
                let cost = units::cost(&load, Way::Shipped);
                let bill = money::of_a_million_mails(&cost, load.events as f64, reads);
                json!({"name": load.name, "events": load.batches * load.events, "batch": load.events, "cost": cost,
                    "dollars": money::sum(&bill), "bill": bill})
            };
            tell(&LOADS.iter().map(of).collect::<Vec<_>>())
        }
        ["growth", folder] => {
            let curves = growth::curves();
            std::fs::create_dir_all(folder)?;
            curves.iter().try_for_each(|curve| growth::draw(curve, folder.as_ref()))?;
            tell(&curves)
        }
        ["once", events, rounds] => {
            let events = mail::events(events.parse()?);
            let bodies: Vec<&str> = events.iter().map(String::as_str).collect();
            let one = |_| reading::read_and_fold(&mail::reader(), &bodies, mail::now());
            tell(&(0..rounds.parse::<usize>()?).map(one).map(|additions| additions.len()).sum::<usize>())
        }
        _ => Err(USAGE.into()),
    }
}

#[expect(clippy::print_stdout, reason = "its answer")]
fn tell(took: &impl Serialize) -> Result<(), Box<dyn Error>> {
    println!("{}", serde_json::to_string(took)?);
    Ok(())
}
