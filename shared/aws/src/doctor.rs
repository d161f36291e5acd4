//! Reads what a deployed stack is like, with the credentials of who asks. The stack is found by its functions' names, and
//! everything else in their environment: nothing is asked of CloudFormation.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;

use aws_sdk_sns::config::http::HttpResponse;
use aws_sdk_sns::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::QueueAttributeName;
use guard_core::doctor::{
    Alarm, FUNCTIONS, Facts, Function, Known, Mapping, Queue, QueueRole, Rule, Subscription, Table, Topic,
};
use guard_core::name::{AccountId, ConfigurationSetName, Region, SetKey};
use guard_core::port::{EventDestination, Inventory, chain};
use guard_core::steps::enrol::Patient;
use jiff::Timestamp;
use serde_json::Value;

use crate::roles::Roles;
use crate::{Clients, OperateFunction, SesInventory, SystemClock};

/// Sets that SES is asked about, at one call a second.
const SETS_ASKED: usize = 60;
/// What a queue or topic that is not there is called.
const MISSING: [&str; 5] = [
    "ResourceNotFoundException",
    "NotFound",
    "NotFoundException",
    "QueueDoesNotExist",
    "AWS.SimpleQueueService.NonExistentQueue",
];

/// Asks AWS about one stack.
#[derive(Debug)]
pub struct Examiner {
    stack: String,
    clients: Clients,
    lambda: aws_sdk_lambda::Client,
    sns: aws_sdk_sns::Client,
    sqs: aws_sdk_sqs::Client,
    dynamodb: aws_sdk_dynamodb::Client,
    cloudwatch: aws_sdk_cloudwatch::Client,
    events: aws_sdk_eventbridge::Client,
    roles: Roles,
}

/// `None` when there is no such thing, else why it could not be asked.
fn unread<T, E>(error: &SdkError<E, HttpResponse>, call: &str) -> Known<Option<T>>
where
    E: Error + ProvideErrorMetadata + 'static,
{
    match error.as_service_error().and_then(ProvideErrorMetadata::code) {
        Some(code) if MISSING.contains(&code) => Ok(None),
        Some(code) => Err(format!("{call}: {code}")),
        None => Err(format!("{call}: {}", chain(error))),
    }
}

impl Examiner {
    /// Of the stack of this name.
    pub fn new(clients: Clients, stack: &str) -> Self {
        let config = clients.config();
        Self {
            stack: stack.to_owned(),
            lambda: aws_sdk_lambda::Client::new(config),
            sns: aws_sdk_sns::Client::new(config),
            sqs: aws_sdk_sqs::Client::new(config),
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            cloudwatch: aws_sdk_cloudwatch::Client::new(config),
            events: aws_sdk_eventbridge::Client::new(config),
            roles: Roles::new(config),
            clients,
        }
    }

    /// Reads everything. What can't be read is said, and keeps nothing else from being read.
    pub async fn examine(&self, now: Timestamp) -> Facts {
        let mut functions = BTreeMap::new();
        for name in FUNCTIONS {
            functions.insert(name, self.function(name).await);
        }
        let roles = self.roles(&functions).await;
        let mut mappings = BTreeMap::new();
        for name in ["ingest", "judge", "actuate"] {
            mappings.insert(name, self.mappings(name).await);
        }
        let variable = |function: &str, name: &str| {
            functions.get(function).and_then(|known| known.as_ref().ok()?.as_ref()?.environment.get(name).cloned())
        };
        let untold = |name: &str| format!("no function says {name}");
        let mut queues = BTreeMap::new();
        for (role, name) in [
            (QueueRole::Events, "GUARD_EVENTS_QUEUE"),
            (QueueRole::EventsDead, "GUARD_EVENTS_DEAD_LETTER_QUEUE"),
            (QueueRole::WakeUpsDead, "GUARD_WAKE_UP_DEAD_LETTER_QUEUE"),
        ] {
            let known = match variable("sweep", name) {
                Some(queue) => self.queue(&queue).await,
                None => Err(untold(name)),
            };
            queues.insert(role, known);
        }
        let topic = async |function: &str, name: &str| match variable(function, name) {
            Some(arn) => self.topic(&arn).await,
            None => Err(untold(name)),
        };
        let mut tables = BTreeMap::new();
        for name in ["GUARD_LEDGER_TABLE", "GUARD_DIGEST_TABLE", "GUARD_STATE_TABLE"] {
            if let Some(table) = variable("operate", name) {
                let known = self.table(&table).await;
                tables.insert(table, known);
            }
        }
        let (status, stopped) = self.asked().await;
        let sweep = functions.get("sweep").and_then(|known| known.as_ref().ok()?.as_ref()).map(|one| one.arn.clone());
        let (sets, sets_in_all) = self.sets(variable("operate", "GUARD_ACCOUNT_ID")).await;
        Facts {
            stack: self.stack.clone(),
            now,
            roles,
            mappings,
            events_topic: topic("operate", "GUARD_EVENTS_TOPIC_ARN").await,
            notices_topic: topic("actuate", "GUARD_NOTICES_TOPIC_ARN").await,
            queues,
            tables,
            alarms: self.alarms().await,
            timers: match sweep {
                Some(arn) => self.rules(&arn).await,
                None => Err("sweep is not known".to_owned()),
            },
            sets,
            sets_in_all,
            status,
            stopped,
            functions,
        }
    }

    fn named(&self, function: &str) -> String {
        format!("{}-{function}", self.stack)
    }

    async fn function(&self, name: &str) -> Known<Option<Function>> {
        let call = "lambda:GetFunctionConfiguration";
        let answer = match self.lambda.get_function_configuration().function_name(self.named(name)).send().await {
            Ok(answer) => answer,
            Err(error) => return unread(&error, call),
        };
        let reserved = match self.lambda.get_function_concurrency().function_name(self.named(name)).send().await {
            Ok(answer) => answer.reserved_concurrent_executions(),
            // Less is known, and what is known is told.
            Err(_) => None,
        };
        let environment = answer.environment().and_then(|environment| environment.variables()).cloned();
        Ok(Some(Function {
            arn: answer.function_arn().unwrap_or_default().to_owned(),
            role: answer.role().unwrap_or_default().to_owned(),
            environment: environment.unwrap_or_default().into_iter().collect(),
            // Where nothing is said the function was there before states were.
            state: answer.state().map_or("Active", |state| state.as_str()).to_owned(),
            reserved,
        }))
    }

    /// Of each function that is there.
    async fn roles(
        &self,
        functions: &BTreeMap<&'static str, Known<Option<Function>>>,
    ) -> BTreeMap<&'static str, Known<Vec<String>>> {
        let mut roles = BTreeMap::new();
        for (name, known) in functions {
            if let Ok(Some(function)) = known {
                roles.insert(*name, self.roles.policies(&function.role).await);
            }
        }
        roles
    }

    async fn mappings(&self, name: &str) -> Known<Vec<Mapping>> {
        let answer = self.lambda.list_event_source_mappings().function_name(self.named(name)).send().await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return unread(&error, "lambda:ListEventSourceMappings").map(Option::unwrap_or_default),
        };
        let mapping = |one: &aws_sdk_lambda::types::EventSourceMappingConfiguration| Mapping {
            id: one.uuid().unwrap_or_default().to_owned(),
            source_arn: one.event_source_arn().unwrap_or_default().to_owned(),
            state: one.state().unwrap_or_default().to_owned(),
            reports_failures: one
                .function_response_types()
                .iter()
                .any(|kind| kind.as_str() == "ReportBatchItemFailures"),
        };
        Ok(answer.event_source_mappings().iter().map(mapping).collect())
    }

    async fn topic(&self, arn: &str) -> Known<Option<Topic>> {
        let attributes = match self.sns.get_topic_attributes().topic_arn(arn).send().await {
            Ok(answer) => answer.attributes.unwrap_or_default(),
            Err(error) => return unread(&error, "sns:GetTopicAttributes"),
        };
        let mut subscriptions = Vec::new();
        let mut pages = self.sns.list_subscriptions_by_topic().topic_arn(arn).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = match page {
                Ok(page) => page,
                Err(error) => return unread(&error, "sns:ListSubscriptionsByTopic"),
            };
            for one in page.subscriptions() {
                subscriptions.push(self.subscription(one).await?);
            }
        }
        let policy = attributes.get("Policy").cloned().unwrap_or_default();
        Ok(Some(Topic { arn: arn.to_owned(), policy, subscriptions }))
    }

    async fn subscription(&self, one: &aws_sdk_sns::types::Subscription) -> Known<Subscription> {
        let arn = one.subscription_arn().filter(|arn| arn.starts_with("arn:")).map(str::to_owned);
        let protocol = one.protocol().unwrap_or_default().to_owned();
        let attributes = match arn.as_ref().filter(|_| protocol == "sqs") {
            Some(arn) => {
                let answer = self.sns.get_subscription_attributes().subscription_arn(arn).send().await;
                let answer = answer.map_err(|error| format!("sns:GetSubscriptionAttributes: {}", chain(&error)))?;
                answer.attributes.unwrap_or_default()
            }
            None => HashMap::new(),
        };
        let filter = attributes.get("FilterPolicy").map(String::as_str).unwrap_or_default().trim();
        Ok(Subscription {
            // Of a person it is an address: it is not even kept.
            endpoint: if protocol == "sqs" { one.endpoint().unwrap_or_default().to_owned() } else { String::new() },
            raw: attributes.get("RawMessageDelivery").is_some_and(|raw| raw == "true"),
            filtered: !["", "{}", "null"].contains(&filter),
            arn,
            protocol,
        })
    }

    async fn queue(&self, name: &str) -> Known<Option<Queue>> {
        let url = match self.sqs.get_queue_url().queue_name(name).send().await {
            Ok(answer) => answer.queue_url.unwrap_or_default(),
            Err(error) => return unread(&error, "sqs:GetQueueUrl"),
        };
        let request = self.sqs.get_queue_attributes().queue_url(&url).attribute_names(QueueAttributeName::All);
        let attributes = match request.send().await {
            Ok(answer) => answer.attributes.unwrap_or_default(),
            Err(error) => return unread(&error, "sqs:GetQueueAttributes"),
        };
        let text = |name: QueueAttributeName| attributes.get(&name).cloned().unwrap_or_default();
        let count = |name| text(name).parse::<u64>().unwrap_or(0);
        Ok(Some(Queue {
            arn: text(QueueAttributeName::QueueArn),
            url,
            policy: text(QueueAttributeName::Policy),
            has_dead_letters: text(QueueAttributeName::RedrivePolicy).contains("deadLetterTargetArn"),
            messages: count(QueueAttributeName::ApproximateNumberOfMessages)
                + count(QueueAttributeName::ApproximateNumberOfMessagesNotVisible),
        }))
    }

    async fn table(&self, name: &str) -> Known<Option<Table>> {
        let table = match self.dynamodb.describe_table().table_name(name).send().await {
            Ok(answer) => answer.table.unwrap_or_else(|| aws_sdk_dynamodb::types::TableDescription::builder().build()),
            Err(error) => return unread(&error, "dynamodb:DescribeTable"),
        };
        Ok(Some(Table {
            status: table.table_status().map_or("unknown", |status| status.as_str()).to_owned(),
            streams: table.stream_specification().is_some_and(|stream| stream.stream_enabled()),
        }))
    }

    async fn alarms(&self) -> Known<Vec<Alarm>> {
        let mut alarms = Vec::new();
        let prefix = format!("{}-", self.stack);
        let mut pages = self.cloudwatch.describe_alarms().alarm_name_prefix(prefix).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = match page {
                Ok(page) => page,
                Err(error) => return unread(&error, "cloudwatch:DescribeAlarms").map(|_: Option<()>| Vec::new()),
            };
            alarms.extend(page.metric_alarms().iter().map(|one| Alarm {
                name: one.alarm_name().unwrap_or_default().to_owned(),
                state: one.state_value().map_or("unknown", |state| state.as_str()).to_owned(),
                calls: one.actions_enabled().unwrap_or(false) && !one.alarm_actions().is_empty(),
            }));
        }
        Ok(alarms)
    }

    async fn rules(&self, target: &str) -> Known<Vec<Rule>> {
        let names = match self.events.list_rule_names_by_target().target_arn(target).send().await {
            Ok(answer) => answer.rule_names.unwrap_or_default(),
            Err(error) => return unread(&error, "events:ListRuleNamesByTarget").map(|_: Option<()>| Vec::new()),
        };
        let mut rules = Vec::new();
        for name in names {
            let answer = match self.events.describe_rule().name(&name).send().await {
                Ok(answer) => answer,
                Err(error) => return unread(&error, "events:DescribeRule").map(|_: Option<()>| Vec::new()),
            };
            let enabled = answer.state().is_none_or(|state| state.as_str() != "DISABLED");
            let schedule = answer.schedule_expression().filter(|text| !text.is_empty()).map(str::to_owned);
            rules.push(Rule { name, enabled, schedule });
        }
        Ok(rules)
    }

    /// The first sets of SES's list with where their events go, and how many there are.
    async fn sets(
        &self,
        account: Option<String>,
    ) -> (Known<Vec<(ConfigurationSetName, Vec<EventDestination>)>>, usize) {
        let region = self.clients.config().region().and_then(|region| region.as_ref().parse::<Region>().ok());
        let account = account.and_then(|account| account.parse::<AccountId>().ok());
        let Some((account, region)) = account.zip(region) else {
            return (Err("no function says GUARD_ACCOUNT_ID".to_owned()), 0);
        };
        let ses = Patient::new(SesInventory::new(&self.clients, account.clone(), region.clone()), SystemClock);
        let mut names: Vec<ConfigurationSetName> = Vec::new();
        let mut after: Option<String> = None;
        loop {
            match ses.configuration_sets(&account, &region, after.as_deref()).await {
                Ok(page) => {
                    names.extend(page.items);
                    after = page.next;
                }
                Err(fault) => return (Err(format!("ses:ListConfigurationSets: {}", chain(&fault))), 0),
            }
            if after.is_none() {
                break;
            }
        }
        names.sort();
        let mut found = Vec::new();
        for name in names.iter().take(SETS_ASKED) {
            let set = SetKey { account: account.clone(), region: region.clone(), name: name.clone() };
            match ses.event_destinations(&set).await {
                Ok(destinations) => found.push((name.clone(), destinations)),
                Err(fault) => {
                    let why = format!("ses:GetConfigurationSetEventDestinations: {}", chain(&fault));
                    return (Err(why), names.len());
                }
            }
        }
        (Ok(found), names.len())
    }

    /// What the guard says of itself, and of each set that is paused or that somebody else disabled.
    async fn asked(&self) -> (Known<Value>, Known<Vec<Value>>) {
        let operate = OperateFunction::new(&self.clients, &self.named("operate"));
        let ask = async |request: Value| operate.ask(&request).await.map_err(|error| chain(&error));
        let status = ask(serde_json::json!({"action": "status"})).await;
        let mut stopped = Vec::new();
        for phase in ["PAUSED", "EXTERNAL"] {
            let list = match ask(serde_json::json!({"action": "list", "phase": phase})).await {
                Ok(list) => list,
                Err(why) => return (status, Err(why)),
            };
            for row in list.get("configurationSets").and_then(Value::as_array).into_iter().flatten().take(SETS_ASKED) {
                let of = |field: &str| row[field].clone();
                let request = serde_json::json!({"action": "status", "configurationSet": of("configurationSet"),
                    "account": of("account"), "region": of("region")});
                match ask(request).await {
                    Ok(set) => stopped.push(set),
                    Err(why) => return (status, Err(why)),
                }
            }
        }
        (status, Ok(stopped))
    }
}
