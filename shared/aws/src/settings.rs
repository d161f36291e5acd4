use std::fmt;
use std::str::FromStr;

use aws_credential_types::Credentials;
use guard_core::account::AccountStop;
use guard_core::event::HashKey;
use guard_core::home::{Home, Homes};
use guard_core::name::{AccountId, ConfigurationSetName, DestinationName, Region, TopicArn};
use guard_core::policy::Deployed;
use guard_core::steps::decide::Mode;
use guard_core::steps::sweep::{EnrolNewSets, OnDrift};

/// The environment of a function, read once at its cold start. Nothing that is missing is guessed: everything that is
/// wrong is collected and said in one message.
pub struct Settings<'a> {
    read: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<String>,
}

/// Everything that is wrong with the environment.
#[derive(Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<String>);

impl std::error::Error for Problems {}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the function's environment is wrong: {}", self.0.join("; "))
    }
}

impl<'a> Settings<'a> {
    /// Settings from wherever `read` finds a variable.
    pub fn new(read: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { read, problems: Vec::new() }
    }

    /// What was read, or everything that is wrong. Ask for each setting first.
    pub fn finish<T>(self, settings: Option<T>) -> Result<T, Problems> {
        match settings {
            Some(settings) if self.problems.is_empty() => Ok(settings),
            Some(_) | None => Err(Problems(self.problems)),
        }
    }

    /// `GUARD_LEDGER_TABLE`
    pub fn ledger_table(&mut self) -> Option<String> {
        self.text("GUARD_LEDGER_TABLE")
    }

    /// `GUARD_DIGEST_TABLE`
    pub fn digest_table(&mut self) -> Option<String> {
        self.text("GUARD_DIGEST_TABLE")
    }

    /// `GUARD_STATE_TABLE`
    pub fn state_table(&mut self) -> Option<String> {
        self.text("GUARD_STATE_TABLE")
    }

    /// `GUARD_NOTICES_TOPIC_ARN`
    pub fn notices_topic_arn(&mut self) -> Option<String> {
        self.text("GUARD_NOTICES_TOPIC_ARN")
    }

    /// `GUARD_CHAT_TOPIC_ARN`; empty when chats are not told.
    pub fn chat_topic_arn(&mut self) -> String {
        (self.read)("GUARD_CHAT_TOPIC_ARN").unwrap_or_default()
    }

    /// `GUARD_RUNBOOK_URL`; empty for the runbook that comes with the guard.
    pub fn runbook_url(&mut self) -> String {
        (self.read)("GUARD_RUNBOOK_URL").unwrap_or_default()
    }

    /// `GUARD_DASHBOARD`: its name; empty when the stack has none.
    pub fn dashboard(&mut self) -> String {
        (self.read)("GUARD_DASHBOARD").unwrap_or_default()
    }

    /// `GUARD_EVENT_BUS`
    pub fn event_bus(&mut self) -> Option<String> {
        self.text("GUARD_EVENT_BUS")
    }

    /// `GUARD_RECHECK_QUEUE_URL`
    pub fn recheck_queue_url(&mut self) -> Option<String> {
        self.text("GUARD_RECHECK_QUEUE_URL")
    }

    /// `GUARD_ACCOUNT_ID`
    pub fn account(&mut self) -> Option<AccountId> {
        self.parsed("GUARD_ACCOUNT_ID")
    }

    /// `AWS_REGION`, which Lambda sets.
    pub fn region(&mut self) -> Option<Region> {
        self.parsed("AWS_REGION")
    }

    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, which Lambda sets; never shown.
    pub(crate) fn credentials(&mut self) -> Option<Credentials> {
        let (id, secret) = (self.text("AWS_ACCESS_KEY_ID"), self.text("AWS_SECRET_ACCESS_KEY"));
        // Whoever has a user's keys has no token.
        let token = (self.read)("AWS_SESSION_TOKEN").filter(|token| !token.trim().is_empty());
        Some(Credentials::new(id?, secret?, token, None, "the function's environment"))
    }

    /// `AWS_LAMBDA_FUNCTION_NAME`, which Lambda sets.
    pub fn function_name(&mut self) -> Option<String> {
        self.text("AWS_LAMBDA_FUNCTION_NAME")
    }

    /// The stack's own home, and those of `GUARD_ACCOUNTS`; empty or missing is none.
    pub fn homes(&mut self) -> Option<Homes> {
        let listed = (self.read)("GUARD_ACCOUNTS").unwrap_or_default();
        let (account, region) = (self.account(), self.region());
        let own = Home { account: account?, region: region? };
        match Homes::listed(own, &listed) {
            Ok(homes) => Some(homes),
            Err(error) => {
                self.problems.push(format!("GUARD_ACCOUNTS: {error}"));
                None
            }
        }
    }

    /// `GUARD_CANARY_SET`: the set whose mail to SES's mailbox simulator counts; empty or missing is none.
    pub fn canary(&mut self) -> Option<ConfigurationSetName> {
        (self.read)("GUARD_CANARY_SET").filter(|text| !text.trim().is_empty())?;
        self.parsed("GUARD_CANARY_SET")
    }

    /// `GUARD_HASH_KEY`; never shown.
    pub fn hash_key(&mut self) -> Option<HashKey> {
        let secret = self.text("GUARD_HASH_KEY")?;
        let key = HashKey::from_secret(&secret);
        if key.is_none() {
            self.problems.push(format!("GUARD_HASH_KEY must have at least {} characters", HashKey::MIN_SECRET_LEN));
        }
        key
    }

    /// `GUARD_MODE`: `enforce` or `observe`
    pub fn mode(&mut self) -> Option<Mode> {
        match self.text("GUARD_MODE")?.as_str() {
            "enforce" => Some(Mode::Enforce),
            "observe" => Some(Mode::Observe),
            _ => {
                self.problems.push("GUARD_MODE must be enforce or observe".to_owned());
                None
            }
        }
    }

    /// `GUARD_POLICY`: TOML or JSON; empty or missing is the built-in default.
    pub fn policy(&mut self) -> Option<Deployed> {
        match Deployed::read(&(self.read)("GUARD_POLICY").unwrap_or_default()) {
            Ok(policy) => Some(policy),
            Err(error) => {
                self.problems.push(format!("GUARD_POLICY: {error}"));
                None
            }
        }
    }

    /// `GUARD_EVENTS_QUEUE`: its name
    pub fn events_queue(&mut self) -> Option<String> {
        self.text("GUARD_EVENTS_QUEUE")
    }

    /// `GUARD_EVENTS_QUEUE_ARN`
    pub fn events_queue_arn(&mut self) -> Option<String> {
        self.text("GUARD_EVENTS_QUEUE_ARN")
    }

    /// `GUARD_EVENTS_DEAD_LETTER_QUEUE`: its name
    pub fn events_dead_letter_queue(&mut self) -> Option<String> {
        self.text("GUARD_EVENTS_DEAD_LETTER_QUEUE")
    }

    /// `GUARD_WAKE_UP_DEAD_LETTER_QUEUE`: its name
    pub fn wake_up_dead_letter_queue(&mut self) -> Option<String> {
        self.text("GUARD_WAKE_UP_DEAD_LETTER_QUEUE")
    }

    /// `GUARD_JUDGE_FUNCTION`
    pub fn judge_function(&mut self) -> Option<String> {
        self.text("GUARD_JUDGE_FUNCTION")
    }

    /// `GUARD_ACTUATE_FUNCTION`
    pub fn actuate_function(&mut self) -> Option<String> {
        self.text("GUARD_ACTUATE_FUNCTION")
    }

    /// `GUARD_OPERATE_FUNCTION_ARN`
    pub fn operate_function_arn(&mut self) -> Option<String> {
        self.text("GUARD_OPERATE_FUNCTION_ARN")
    }

    /// `GUARD_EVENTS_TOPIC_ARN`
    pub fn events_topic(&mut self) -> Option<TopicArn> {
        self.parsed("GUARD_EVENTS_TOPIC_ARN")
    }

    /// `GUARD_EVENT_DESTINATION`
    pub fn event_destination(&mut self) -> Option<DestinationName> {
        self.parsed("GUARD_EVENT_DESTINATION")
    }

    /// `GUARD_HEARS_EVENT_BUS`: `true` or `false`
    pub fn hears_event_bus(&mut self) -> Option<bool> {
        match self.text("GUARD_HEARS_EVENT_BUS")?.as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => {
                self.problems.push("GUARD_HEARS_EVENT_BUS must be true or false".to_owned());
                None
            }
        }
    }

    /// `GUARD_ENROL_NEW_SETS`: `off`, `events` or `events-and-metrics`
    pub fn enrol_new_sets(&mut self) -> Option<EnrolNewSets> {
        match self.text("GUARD_ENROL_NEW_SETS")?.as_str() {
            "off" => Some(EnrolNewSets::Off),
            "events" => Some(EnrolNewSets::Events),
            "events-and-metrics" => Some(EnrolNewSets::EventsAndMetrics),
            _ => {
                self.problems.push("GUARD_ENROL_NEW_SETS must be off, events or events-and-metrics".to_owned());
                None
            }
        }
    }

    /// `GUARD_ON_DRIFT`: `reassert` or `adopt`
    pub fn on_drift(&mut self) -> Option<OnDrift> {
        match self.text("GUARD_ON_DRIFT")?.as_str() {
            "reassert" => Some(OnDrift::Reassert),
            "adopt" => Some(OnDrift::Adopt),
            _ => {
                self.problems.push("GUARD_ON_DRIFT must be reassert or adopt".to_owned());
                None
            }
        }
    }

    /// `GUARD_ACCOUNT_STOP`: `allowed` or `forbidden`
    pub fn account_stop(&mut self) -> Option<AccountStop> {
        match self.text("GUARD_ACCOUNT_STOP")?.as_str() {
            "allowed" => Some(AccountStop::Allowed),
            "forbidden" => Some(AccountStop::Forbidden),
            _ => {
                self.problems.push("GUARD_ACCOUNT_STOP must be allowed or forbidden".to_owned());
                None
            }
        }
    }

    fn text(&mut self, name: &str) -> Option<String> {
        let text = (self.read)(name).filter(|text| !text.trim().is_empty());
        if text.is_none() {
            self.problems.push(format!("{name} is missing"));
        }
        text
    }

    fn parsed<T: FromStr<Err: fmt::Display>>(&mut self, name: &str) -> Option<T> {
        match self.text(name)?.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.problems.push(format!("{name}: {error}"));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use guard_core::policy::{Policy, Source};

    use super::*;

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let read = |name: &str| match name {
            "GUARD_ACCOUNT_ID" => Some("12".to_owned()),
            "GUARD_HASH_KEY" => Some("short secret".to_owned()),
            "GUARD_MODE" => Some("on".to_owned()),
            "GUARD_POLICY" => Some("{\"bounce\": 1}".to_owned()),
            _ => None,
        };
        let mut settings = Settings::new(&read);
        let all = (
            settings.ledger_table(),
            settings.account(),
            settings.region(),
            settings.hash_key(),
            settings.mode(),
            settings.policy(),
        );
        assert_eq!(all.0, None);
        let problems = settings.finish(Some(())).unwrap_err();
        let said = problems.to_string();
        for part in [
            "GUARD_LEDGER_TABLE is missing",
            "GUARD_ACCOUNT_ID: the account id must be 12 digits",
            "AWS_REGION is missing",
            "GUARD_HASH_KEY must have at least 32 characters",
            "GUARD_MODE must be enforce or observe",
            "GUARD_POLICY: line 1:",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(!said.contains("short secret"), "a secret is never shown: {said}");
    }

    #[test]
    fn the_own_home_is_guarded_and_those_that_are_listed() {
        let of = |listed: Option<&str>| {
            let read = |name: &str| match name {
                "GUARD_ACCOUNT_ID" => Some("111122223333".to_owned()),
                "AWS_REGION" => Some("eu-west-1".to_owned()),
                "GUARD_ACCOUNTS" => listed.map(str::to_owned),
                _ => None,
            };
            let mut settings = Settings::new(&read);
            let homes = settings.homes();
            settings.finish(homes).map(|homes| homes.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        let own = "111122223333/eu-west-1".to_owned();
        assert_eq!(of(None), Ok(vec![own.clone()]));
        assert_eq!(of(Some("")), Ok(vec![own.clone()]));
        assert_eq!(of(Some("444455556666/us-east-1")), Ok(vec![own, "444455556666/us-east-1".to_owned()]));
        let said = of(Some("444455556666")).unwrap_err().to_string();
        let wrong = "the function's environment is wrong: GUARD_ACCOUNTS: entry 1 of the list: the home must be \
             <account>/<region> (an entry is <account>/<region>, such as 111122223333/eu-west-1)";
        assert_eq!(said, wrong);
    }

    #[test]
    fn a_canary_is_named_by_a_name_or_there_is_none() {
        for (text, canary) in [
            (None, Ok(None)),
            (Some(" "), Ok(None)),
            (Some("guard-canary"), Ok(Some("guard-canary"))),
            (Some("guard canary"), Err(())),
        ] {
            let read = |name: &str| text.filter(|_| name == "GUARD_CANARY_SET").map(str::to_owned);
            let mut settings = Settings::new(&read);
            let found = settings.canary().map(String::from);
            let told = settings.finish(Some(())).map(|()| found).map_err(drop);
            assert_eq!(told, canary.map(|name| name.map(str::to_owned)), "{text:?}");
        }
    }

    #[test]
    fn no_policy_is_the_built_in_one() {
        for text in [None, Some(String::new()), Some(" \n".to_owned())] {
            let read = |_: &str| text.clone();
            assert_eq!(Settings::new(&read).policy(), Some(Deployed::default()));
        }
    }

    #[test]
    fn a_policy_is_toml_or_json() {
        let one = serde_json::to_string(&Policy { window_buckets: 96, ..Policy::default() }).unwrap();
        for (text, profile) in [
            ("[[assign]]\nsets = 'promo'\nprofile = 'strict'", "strict"),
            ("{\"assign\": [{\"sets\": \"promo\", \"profile\": \"strict\"}]}", "strict"),
            (one.as_str(), "unnamed"),
        ] {
            let read = |_: &str| Some(text.to_owned());
            let policy = Settings::new(&read).policy().unwrap();
            let set = policy.book.for_set(&"promo".parse().unwrap(), jiff::Timestamp::UNIX_EPOCH);
            assert_eq!((policy.source, set.profile.as_str()), (Source::Environment, profile), "{text}");
        }
    }
}
