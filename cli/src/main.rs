//! `ses-guard`: look at what the guard reads, and operate it from a terminal.

mod backtest;
mod dashboard;
mod enrol;
mod evidence;
mod inspect;
mod operate;
mod policy;
mod shell;
mod show;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

/// Inspect events and operate the guard from a terminal.
#[derive(Debug, Parser)]
#[command(name = "ses-guard", version)]
#[command(after_help = "\
Examples:
  ses-guard status                          the guard: mode, policy, how many sets stand where, what it doesn't see
  ses-guard list --phase paused
  ses-guard history marketing-weekly        what was decided, when, by whom and why
  ses-guard resume marketing-weekly --reason 'list cleaned, ticket 4711' --actor ops@example.com
  ses-guard completions bash > ~/.local/share/bash-completion/completions/ses-guard

Whatever asks the deployed guard takes --json, for programs. Colours are for terminals only (NO_COLOR, CLICOLOR).")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// One variant per command; each command's module has its arguments and a `run`.
#[derive(Debug, Subcommand)]
enum Command {
    Backtest(backtest::Backtest),
    Completions(shell::Completions),
    Dashboard(dashboard::Dashboard),
    Enrol(enrol::Enrol),
    Evidence(evidence::Evidence),
    Inspect(inspect::Inspect),
    Man(shell::Man),
    #[command(flatten)]
    Operate(operate::Operate),
    Policy(policy::Policy),
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Backtest(backtest) => backtest.run(),
        Command::Dashboard(dashboard) => dashboard.run(),
        Command::Completions(completions) => completions.run(Arguments::command()),
        Command::Enrol(enrol) => enrol.run(),
        Command::Evidence(evidence) => evidence.run(),
        Command::Inspect(inspect) => inspect.run(),
        Command::Man(man) => man.run(Arguments::command()),
        Command::Operate(operate) => operate.run(),
        Command::Policy(policy) => policy.run(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each command that does something, with its whole name.
    fn commands(command: &clap::Command, path: &str) -> Vec<(String, clap::Command)> {
        let inner = command.get_subcommands().filter(|inner| inner.get_name() != "help");
        let inner = inner.flat_map(|inner| commands(inner, &format!("{path} {}", inner.get_name())));
        std::iter::once((path.to_owned(), command.clone())).chain(inner).collect()
    }

    /// The words of the part of a line that is this program's, as a shell reads them; without the remark after it.
    fn words(line: &str) -> Vec<String> {
        let start = line.find("ses-guard ").unwrap_or_default();
        let (mut words, mut quoted, mut spaces) = (vec![String::new()], false, 0);
        for letter in line.get(start..).unwrap_or_default().chars() {
            // What stands far off is said to people.
            if (letter != ' ' && spaces > 1) || (!quoted && matches!(letter, '|' | '>' | '<')) {
                break;
            }
            if letter != ' ' && spaces == 1 {
                words.push(String::new());
            }
            spaces = if letter == ' ' && !quoted { spaces + 1 } else { 0 };
            match letter {
                '\'' => quoted = !quoted,
                ' ' if !quoted => {}
                letter => words.last_mut().unwrap().push(letter),
            }
        }
        words
    }

    #[test]
    fn each_command_has_examples_and_takes_them() {
        let program = Arguments::command();
        let mut tried = 0;
        for (name, command) in commands(&program, "ses-guard") {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let (_, examples) = help.split_once("Examples:\n").unwrap_or_else(|| panic!("{name} has no examples"));
            let examples = examples.lines().take_while(|line| !line.is_empty());
            for example in examples {
                let words = words(example);
                assert!(words.len() > 1, "{name}: {example}");
                let taken = Arguments::try_parse_from(&words);
                assert!(taken.is_ok(), "{name}: {example}\n{words:?}\n{}", taken.unwrap_err());
                assert!(name == "ses-guard" || example.contains(&name), "{name}: {example}");
                tried += 1;
            }
        }
        assert!(tried > 40, "{tried}");
    }

    #[test]
    fn the_program_describes_itself_without_contradiction() {
        Arguments::command().debug_assert();
    }
}
