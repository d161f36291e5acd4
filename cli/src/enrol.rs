//! `ses-guard enrol`: has configuration sets publish their events to the guard, in two steps: a plan to read, and its
//! application. It calls SES itself, with whose credentials it runs, for it may take hours.
//!
//! Exit codes: 0 done, 1 something could not be done or nobody was reached, 2 the command itself was wrong.

mod campaign;
mod file;
mod told;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use guard_aws::{Clients, SesInventory, SystemClock};
use guard_core::hearing::Ear;
use guard_core::home::Home;
use guard_core::name::{DestinationName, TopicArn};
use guard_core::policy::pattern::Pattern;
use guard_core::steps::enrol::{Patient, Wanted};
use serde::Deserialize;
use serde_json::json;

use crate::operate::{Deployed, NotAsked};
use campaign::Campaign;
use file::{Header, PlanFile};
use told::Teller;

const DONE: u8 = 0;
const LEFT: u8 = 1;
const USAGE: u8 = 2;

/// Have configuration sets publish their events to the guard: plan it, read the plan, apply it.
///
/// A set is heard when its SEND, BOUNCE and COMPLAINT reach the guard's topic. Any that is not is given one event
/// destination more. What exists is never changed: a set that takes a person is listed with the command that mends it.
///
/// Topic and name of the event destination are those of the deployed stack (its output EventsTopicArn, and
/// `<stack>-guard`), asked of its `operate` function; with --topic-arn and --destination nobody is asked. SES is called at
/// one call a second, with your own credentials: to plan takes a second a set, two with --reputation-metrics, to apply one
/// or two more for each set with something to do. Both may be interrupted and run again: a plan goes on where its file
/// ends, and what was applied is asked of SES.
///
/// Rights: ses:ListConfigurationSets and ses:GetConfigurationSetEventDestinations to plan,
/// ses:CreateConfigurationSetEventDestination to apply; with --reputation-metrics also ses:GetConfigurationSet and
/// ses:PutConfigurationSetReputationOptions.
///
/// Exit codes: 0 done, 1 something could not be done, 2 the command itself was wrong.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ses-guard enrol --plan enrol.jsonl                        what each set would get; changes nothing
  ses-guard enrol --plan enrol.jsonl                        again: goes on where it was interrupted
  ses-guard enrol --apply enrol.jsonl
  ses-guard enrol --plan tenants.jsonl --sets 'tenant-*' --reputation-metrics
  ses-guard enrol --plan --sets marketing-weekly            only look")]
pub(crate) struct Enrol {
    #[command(flatten)]
    what: What,
    /// Only sets of this name; `*` is any characters, `?` is one. May be repeated [default: all of the account and Region].
    #[arg(long, value_name = "PATTERN", conflicts_with = "apply")]
    sets: Vec<Pattern>,
    /// Switch SES's own rates of each set on, too. CloudWatch charges for these two metrics by the set.
    #[arg(long, conflicts_with = "apply")]
    reputation_metrics: bool,
    /// The guard's topic [default: the stack's EventsTopicArn].
    #[arg(long, value_name = "ARN", conflicts_with = "apply")]
    topic_arn: Option<TopicArn>,
    /// The name of the event destination [default: the stack's, <stack>-guard].
    #[arg(long, value_name = "NAME", conflicts_with = "apply")]
    destination: Option<DestinationName>,
    #[command(flatten)]
    deployed: Deployed,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct What {
    /// List what each set would get, and change nothing. FILE keeps it, to be applied; one that is there is gone on with.
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    plan: Option<Option<PathBuf>>,
    /// Do what the plan in FILE says, as far as it is still to be done.
    #[arg(long, value_name = "FILE")]
    apply: Option<PathBuf>,
}

/// What `operate` answers to `status`, as far as it is needed here.
#[derive(Debug, Deserialize)]
struct Stack {
    hearing: Hearing,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Hearing {
    home: Home,
    events_topic_arn: TopicArn,
    event_destination: DestinationName,
    hears_event_bus: bool,
}

/// Why nothing, or not all, was done.
#[derive(Debug)]
struct Wrong {
    message: String,
    code: u8,
}

impl Wrong {
    fn usage(message: impl std::fmt::Display) -> Self {
        Self { message: message.to_string(), code: USAGE }
    }

    fn failed(message: impl std::fmt::Display) -> Self {
        Self { message: message.to_string(), code: LEFT }
    }
}

impl Enrol {
    pub(crate) fn run(self) -> ExitCode {
        match self.start() {
            Ok(code) => ExitCode::from(code),
            Err(Wrong { message, code }) => {
                told::say(&message);
                ExitCode::from(code)
            }
        }
    }

    fn start(&self) -> Result<u8, Wrong> {
        let json = self.deployed.json;
        match (&self.what.plan, &self.what.apply) {
            (Some(path), _) => {
                let header = self.header()?;
                let mut file = path.as_ref().map(|path| PlanFile::continued(path, &header)).transpose()?;
                let mut teller = Teller::new(json, &header);
                wait(async |clock| {
                    let campaign = reach(&header, clock).await;
                    campaign.plan(&self.sets, file.as_mut(), &mut teller).await
                })
            }
            (None, Some(path)) => {
                let (header, plan) = file::read(path)?;
                let mut teller = Teller::new(json, &header);
                wait(async |clock| reach(&header, clock).await.apply(&plan, &mut teller).await)
            }
            (None, None) => Err(Wrong::usage("give --plan or --apply")),
        }
    }

    /// What is wanted, and where. Only what no option says is asked of the stack.
    fn header(&self) -> Result<Header, Wrong> {
        let (account, region, ear) = match (&self.topic_arn, &self.destination) {
            (Some(topic), Some(destination)) => {
                let nowhere = || Wrong::usage("the topic's ARN does not say where it is");
                let region = self.deployed.region().or_else(|| topic.region()).ok_or_else(nowhere)?;
                (
                    topic.account().ok_or_else(nowhere)?,
                    region,
                    Ear { topic: topic.clone(), destination: destination.clone(), event_bus: false },
                )
            }
            (topic, destination) => {
                let stack = self.stack()?;
                let ear = Ear {
                    topic: topic.clone().unwrap_or(stack.events_topic_arn),
                    destination: destination.clone().unwrap_or(stack.event_destination),
                    event_bus: stack.hears_event_bus,
                };
                (stack.home.account, stack.home.region, ear)
            }
        };
        let wanted = Wanted { ear, metrics: self.reputation_metrics };
        Ok(Header::new(account, region, &wanted, &self.sets))
    }

    fn stack(&self) -> Result<Hearing, Wrong> {
        let answer = self.deployed.ask(&json!({"action": "status"})).map_err(|why| match why {
            NotAsked::NoRegion => Wrong::usage("no Region is set: give --region, or set AWS_REGION"),
            NotAsked::Failed(why) => Wrong::failed(format!("{why}; or give both --topic-arn and --destination")),
        })?;
        serde_json::from_value(answer).map(|stack: Stack| stack.hearing).map_err(|error| {
            let message = "the deployed guard does not say where its topic is";
            Wrong::failed(format!("{message} ({error}): give both --topic-arn and --destination"))
        })
    }
}

async fn reach(header: &Header, clock: SystemClock) -> Campaign<'_, SesInventory, SystemClock> {
    let clients = Clients::of_operator(Some(header.region.clone())).await;
    let inventory = SesInventory::new(&clients, header.account.clone(), header.region.clone());
    Campaign { inventory: Patient::new(inventory, clock), header }
}

fn wait(work: impl AsyncFnOnce(SystemClock) -> Result<u8, Wrong>) -> Result<u8, Wrong> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(Wrong::failed)?.block_on(work(SystemClock))
}
