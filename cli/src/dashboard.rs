//! `ses-guard dashboard`: the page of CloudWatch's custom widget on the loopback address, without CloudWatch.
//!
//! Of a stack, this program stands in for CloudWatch's console: the deployed `widget` function draws the page, and an order
//! goes to `operate`, as from there. Of a backtest the same page is drawn here, and takes no orders.

mod console;
mod server;
mod source;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use guard_core::name::Region;
use tokio::net::TcpListener;

use crate::backtest::Backtest;
use crate::operate::STACK;
use source::Source;

const FAILED: u8 = 1;
const USAGE: u8 = 2;

/// Show the guard's dashboard in a browser: the configuration sets, nearest to their limit first, and their orders.
///
/// Listens on 127.0.0.1 only, until it is interrupted. Whoever opens the address it prints may do what your AWS
/// credentials may do with the guard.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ses-guard dashboard                              the stack ses-reputation-guard
  ses-guard dashboard --stack mail-guard --region eu-west-1 --port 8765
  ses-guard dashboard --read-only
  ses-guard dashboard --backtest s3-export/ --policy policy.toml")]
pub(crate) struct Dashboard {
    /// The stack whose `widget` and `operate` functions are asked [default: ses-reputation-guard].
    #[arg(long, value_name = "NAME", conflicts_with = "backtest")]
    stack: Option<String>,
    /// Its Region [default: AWS_REGION or the AWS profile's]; of a backtest, that of records that name none.
    #[arg(long, value_name = "CODE")]
    region: Option<Region>,
    /// Take no orders.
    #[arg(long)]
    read_only: bool,
    /// Show how these past events leave the sets instead; may be repeated.
    #[arg(long, value_name = "PATH")]
    backtest: Vec<String>,
    /// The policy to replay them under [default: the built-in one].
    #[arg(long, value_name = "FILE", requires = "backtest")]
    policy: Option<PathBuf>,
    /// The port to listen on [default: any free one].
    #[arg(long, value_name = "NUMBER", default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// On whose word orders are given, unless another name is typed.
    #[arg(long, value_name = "WHO", env = "GUARD_ACTOR")]
    actor: Option<String>,
}

impl Dashboard {
    pub(crate) fn run(self) -> ExitCode {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return fail(FAILED, &format!("cannot serve: {error}")),
        };
        match runtime.block_on(self.serve()) {
            Ok(()) => ExitCode::SUCCESS,
            Err((code, message)) => fail(code, &message),
        }
    }

    async fn serve(self) -> Result<(), (u8, String)> {
        let port = self.port;
        let source = self.source().await?;
        let listener = TcpListener::bind(("127.0.0.1", port)).await;
        let listener = listener.map_err(|error| (FAILED, format!("cannot listen on port {port}: {error}")))?;
        let address = listener.local_addr().map_err(|error| (FAILED, format!("cannot listen: {error}")))?;
        let key = server::key().map_err(|error| (FAILED, format!("no random key: {error}")))?;
        // Whoever started this may read only that.
        let _ = writeln!(io::stdout().lock(), "http://{address}/?key={key}");
        let _ = writeln!(io::stderr().lock(), "ses-guard: open this address in a browser; Ctrl+C ends it");
        server::serve(listener, address, key, source).await.map_err(|error| (FAILED, format!("cannot serve: {error}")))
    }

    async fn source(self) -> Result<Source, (u8, String)> {
        if self.backtest.is_empty() {
            let stack = self.stack.unwrap_or_else(|| STACK.to_owned());
            let source = Source::of_stack(stack, self.region, self.read_only, self.actor).await;
            return source.ok_or((USAGE, "no Region is set: give --region, or set AWS_REGION".to_owned()));
        }
        let region = match self.region {
            Some(region) => region,
            None => "us-east-1".parse().map_err(|error| (USAGE, format!("{error}")))?,
        };
        let backtest = Backtest::of(self.backtest, self.policy.into_iter().collect(), region);
        Ok(Source::Backtest(Box::new(backtest.onlooker().map_err(|message| (FAILED, message))?)))
    }
}

fn fail(code: u8, message: &str) -> ExitCode {
    // Nothing is left to do when standard error is closed.
    let _ = writeln!(io::stderr().lock(), "ses-guard: {message}");
    ExitCode::from(code)
}
