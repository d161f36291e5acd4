//! `ses-guard completions` and `ses-guard man`: what a shell and `man` want to know of this program, from the same
//! description that reads its arguments.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap_complete::Shell;

const FAILED: u8 = 1;

/// Print a script that completes commands, options and their values, for your shell to read.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ses-guard completions bash > ~/.local/share/bash-completion/completions/ses-guard
  ses-guard completions zsh > ~/.zfunc/_ses-guard          with fpath+=~/.zfunc before compinit in ~/.zshrc
  ses-guard completions fish > ~/.config/fish/completions/ses-guard.fish")]
pub(crate) struct Completions {
    shell: Shell,
}

/// Print the manual, or write a page for each command into a folder.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ses-guard man | man -l -
  ses-guard man --out ~/.local/share/man/man1              then: man ses-guard-resume")]
pub(crate) struct Man {
    /// A folder for one page for each command [default: the first page, to standard output].
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

impl Completions {
    pub(crate) fn run(self, mut program: clap::Command) -> ExitCode {
        let mut script = Vec::new();
        let name = program.get_name().to_owned();
        clap_complete::generate(self.shell, &mut program, name, &mut script);
        // clap_complete 4.6 calls the functions of a program with a hyphen by two names, and bash finds none of them.
        let script = String::from_utf8_lossy(&script).replace("ses__subcmd__guard", "ses__guard");
        done(io::stdout().lock().write_all(script.as_bytes()))
    }
}

impl Man {
    pub(crate) fn run(self, program: clap::Command) -> ExitCode {
        let written = match &self.out {
            Some(folder) => std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(program, folder)),
            None => {
                let mut page = Vec::new();
                let rendered = clap_mangen::Man::new(program).render(&mut page);
                rendered.and_then(|()| io::stdout().lock().write_all(&page))
            }
        };
        done(written)
    }
}

/// Whoever reads it may have seen enough of it.
fn done(written: io::Result<()>) -> ExitCode {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            // Nothing is left to do when standard error is closed.
            let _ = writeln!(io::stderr().lock(), "ses-guard: cannot write: {error}");
            ExitCode::from(FAILED)
        }
        Ok(()) | Err(_) => ExitCode::SUCCESS,
    }
}
