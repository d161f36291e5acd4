use guard_core::event::TenantEvent;
use guard_core::home::{Home, Homes};
use guard_core::name::{ConfigurationSetName, SetKey};
use jiff::Timestamp;
use serde_json::Value;

/// The API calls by which a configuration set's switch is turned: the present API's and the old one's.
const SWITCHING: [&str; 2] = ["PutConfigurationSetSendingOptions", "UpdateConfigurationSetSendingEnabled"];

/// Those by which one is created: both APIs have the same word.
const CREATING: &str = "CreateConfigurationSet";
/// Those by which it is changed where its events go.
const REPUBLISHING: [&str; 3] = [
    "CreateConfigurationSetEventDestination",
    "UpdateConfigurationSetEventDestination",
    "DeleteConfigurationSetEventDestination",
];

/// What the function was invoked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Errand {
    /// The timer of this minute, or a person who wants a sweep now.
    Sweep(Timestamp),
    /// Somebody turned the switch of this set in SES.
    Touched(SetKey),
    /// Somebody created this set in SES.
    Created(SetKey),
    /// Somebody changed in SES where this set's events go.
    Republished(SetKey),
    /// AWS said something of a tenant.
    Tenant(Box<TenantEvent>),
    /// Nothing that concerns it, and why.
    Nothing(&'static str),
}

impl Errand {
    /// Reads an invocation for the guard of these homes, whose own calls to SES are made by `actuate`.
    pub fn of(event: &Value, homes: &Homes, actuate: &str, now: Timestamp) -> Self {
        let text = |pointer| event.pointer(pointer).and_then(Value::as_str);
        match text("/detail-type") {
            // The event's own time: the same minute again, when the same event comes again.
            Some("Scheduled Event") => Self::Sweep(text("/time").and_then(|time| time.parse().ok()).unwrap_or(now)),
            Some("AWS API Call via CloudTrail") => call(event, homes, actuate),
            Some(detail_type) if TenantEvent::is_one(detail_type) => match TenantEvent::read(event) {
                Ok(event) if homes.contains(&event.home) => Self::Tenant(Box::new(event)),
                Ok(_) => Self::Nothing("a tenant in an account or a Region that is not guarded here"),
                Err(why) => Self::Nothing(why),
            },
            Some(_) => Self::Nothing("an event of another kind"),
            None => Self::Sweep(now),
        }
    }
}

fn call(event: &Value, homes: &Homes, actuate: &str) -> Errand {
    let text = |pointer| event.pointer(pointer).and_then(Value::as_str);
    let errand = match text("/detail/eventName") {
        Some(name) if SWITCHING.contains(&name) => Errand::Touched,
        Some(CREATING) => Errand::Created,
        Some(name) if REPUBLISHING.contains(&name) => Errand::Republished,
        Some(_) | None => return Errand::Nothing("a call that is not about a set's switch or events"),
    };
    if text("/source") != Some("aws.ses") {
        return Errand::Nothing("a call to another service");
    }
    let home =
        || Some(Home { account: text("/account")?.parse().ok()?, region: text("/detail/awsRegion")?.parse().ok()? });
    let Some(home) = home().filter(|home| homes.contains(home)) else {
        return Errand::Nothing("a call in an account or a Region that is not guarded here");
    };
    if event.pointer("/detail/errorCode").is_some() {
        return Errand::Nothing("a call that SES refused");
    }
    // A function's session has the function's name, in other homes too: `arn:aws:sts::…:assumed-role/ROLE/FUNCTION`.
    if text("/detail/userIdentity/arn").and_then(|arn| arn.rsplit_once('/')).is_some_and(|(_, name)| name == actuate) {
        return Errand::Nothing("the guard's own call");
    }
    match set_of(event.pointer("/detail/requestParameters")) {
        Some(name) => errand(home.set(name)),
        None => Errand::Nothing("a call that names no configuration set"),
    }
}

/// How CloudTrail writes the parameter's first letter is not documented. The old API creates a set by an object with its
/// name.
fn set_of(parameters: Option<&Value>) -> Option<ConfigurationSetName> {
    let field = |of: &Value, wanted: &str| {
        let mut fields = of.as_object()?.iter();
        fields.find(|(key, _)| key.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.clone())
    };
    let parameters = parameters?;
    let name =
        field(parameters, "configurationSetName").or_else(|| field(&field(parameters, "configurationSet")?, "name"))?;
    name.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: &str =
        include_str!("../../../events/eventbridge/cloudtrail-put-configuration-set-sending-options.json");
    const TIMER: &str = include_str!("../../../events/eventbridge/scheduled.json");

    fn errand(event: &Value) -> Errand {
        let homes = Homes::listed("111122223333/eu-west-1".parse().unwrap(), "444455556666/us-east-1").unwrap();
        Errand::of(event, &homes, "guard-actuate", Timestamp::UNIX_EPOCH)
    }

    fn json(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    fn with(pointer: &str, key: &str, value: Value) -> Value {
        let mut event = json(CALL);
        event.pointer_mut(pointer).unwrap()[key] = value;
        event
    }

    #[test]
    fn the_timer_names_its_minute_and_a_person_means_now() {
        assert_eq!(errand(&json(TIMER)), Errand::Sweep("2026-11-20T09:15:00Z".parse().unwrap()));
        assert_eq!(errand(&json("{}")), Errand::Sweep(Timestamp::UNIX_EPOCH));
    }

    #[test]
    fn a_created_set_is_read_from_the_event() {
        let event = include_str!("../../../events/eventbridge/cloudtrail-create-configuration-set.json");
        assert_eq!(errand(&json(event)), Errand::Created("111122223333/eu-west-1/marketing-weekly".parse().unwrap()));
    }

    #[test]
    fn a_set_that_is_created_or_publishes_elsewhere_concerns_it_by_either_api() {
        let weekly: SetKey = "111122223333/eu-west-1/marketing-weekly".parse().unwrap();
        let (created, republished) = (Errand::Created(weekly.clone()), Errand::Republished(weekly));
        let flat = r#"{"configurationSetName": "marketing-weekly", "eventDestinationName": "guard"}"#;
        let first_api = r#"{"configurationSet": {"name": "marketing-weekly"}}"#;
        for (name, parameters, expected) in [
            ("CreateConfigurationSet", flat, &created),
            ("CreateConfigurationSet", first_api, &created),
            ("CreateConfigurationSet", r#"{"ConfigurationSet": {"Name": "marketing-weekly"}}"#, &created),
            ("CreateConfigurationSetEventDestination", flat, &republished),
            ("UpdateConfigurationSetEventDestination", flat, &republished),
            ("DeleteConfigurationSetEventDestination", flat, &republished),
        ] {
            let mut event = with("/detail", "eventName", name.into());
            event["detail"]["requestParameters"] = json(parameters);
            assert_eq!(errand(&event), *expected, "{name} {parameters}");
            event["detail"]["errorCode"] = "AlreadyExists".into();
            assert!(matches!(errand(&event), Errand::Nothing(_)), "{name}, refused");
        }
    }

    #[test]
    fn only_a_strangers_call_that_turned_a_switch_of_ours_concerns_it() {
        let touched = Errand::Touched("111122223333/eu-west-1/marketing-weekly".parse().unwrap());
        let own = "arn:aws:sts::111122223333:assumed-role/guard-ActuateRole-1X2Y/guard-actuate";
        for (what, event, concerns) in [
            ("a person's call", json(CALL), true),
            ("the old API", with("/detail", "eventName", "UpdateConfigurationSetSendingEnabled".into()), true),
            (
                "a capital",
                with("/detail", "requestParameters", json(r#"{"ConfigurationSetName": "marketing-weekly"}"#)),
                true,
            ),
            ("the guard's own call", with("/detail/userIdentity", "arn", own.into()), false),
            ("a refused call", with("/detail", "errorCode", "AccessDenied".into()), false),
            ("another call", with("/detail", "eventName", "DeleteConfigurationSet".into()), false),
            ("another account's", with("", "account", "444455556666".into()), false),
            ("no account's", with("", "account", Value::Null), false),
            ("another Region's", with("/detail", "awsRegion", "us-east-1".into()), false),
            ("not AWS's", with("", "source", "com.example".into()), false),
            ("no parameters", with("/detail", "requestParameters", Value::Null), false),
            ("no name", with("/detail/requestParameters", "configurationSetName", "a b".into()), false),
            ("another event", with("", "detail-type", "Email Sent".into()), false),
        ] {
            let errand = errand(&event);
            assert_eq!(errand == touched, concerns, "{what}: {errand:?}");
            assert_eq!(matches!(errand, Errand::Nothing(_)), !concerns, "{what}");
        }
    }

    #[test]
    fn what_aws_says_of_a_tenant_of_a_guarded_home_concerns_it() {
        for (text, concerns) in [
            (include_str!("../../../events/eventbridge/sending-status-disabled-tenant.json"), true),
            (include_str!("../../../events/eventbridge/sending-status-enabled-tenant.json"), true),
            (include_str!("../../../events/eventbridge/advisor-recommendation-open-tenant.json"), true),
            (include_str!("../../../events/eventbridge/advisor-recommendation-resolved-identity.json"), false),
        ] {
            let event = json(text);
            assert_eq!(matches!(errand(&event), Errand::Tenant(_)), concerns, "{event}");
            let elsewhere = json(&text.replace("111122223333", "999988887777"));
            assert!(matches!(errand(&elsewhere), Errand::Nothing(_)), "{elsewhere}");
        }
    }

    #[test]
    fn a_call_in_a_listed_home_is_of_that_home_s_set() {
        let of = |account: &str, region: &str| {
            let mut event = with("", "account", account.into());
            event["detail"]["awsRegion"] = region.into();
            event
        };
        let touched = |text: &str| Errand::Touched(text.parse().unwrap());
        let member = of("444455556666", "us-east-1");
        assert_eq!(errand(&member), touched("444455556666/us-east-1/marketing-weekly"));
        let mut own = member;
        let session = "arn:aws:sts::444455556666:assumed-role/ses-reputation-guard-switch-us-east-1/guard-actuate";
        own["detail"]["userIdentity"]["arn"] = session.into();
        assert_eq!(errand(&own), Errand::Nothing("the guard's own call"));
        for (account, region) in [("444455556666", "eu-west-1"), ("999988887777", "us-east-1")] {
            assert!(matches!(errand(&of(account, region)), Errand::Nothing(_)), "{account}/{region}");
        }
    }
}
