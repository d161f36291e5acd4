//! From which guard a notice comes: so that its commands reach that guard, and its links lead somewhere.

use crate::home::{Home, Homes};
use crate::name::{Region, SetKey};

/// The runbook that comes with the guard.
pub const RUNBOOK: &str = "https://github.com/ses-reputation-guard/ses-reputation-guard/blob/main/docs/OPERATIONS.md";
/// The stack that `ses-guard` asks when it is told no other.
const DEFAULT_STACK: &str = "ses-reputation-guard";
/// What the stack calls its actuator, after its own name and a hyphen.
const ACTUATE: &str = "-actuate";
/// What takes the place of a stack's name that nobody knows.
const SOME_STACK: &str = "STACK";

/// The guard that tells. The default is one of which nothing is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Letterhead {
    homes: Option<Homes>,
    stack: Option<String>,
    dashboard: Option<String>,
    runbook: Option<String>,
}

/// A part of the runbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its heading")]
pub enum Section {
    Refused,
    Reading,
    Orders,
    Blind,
    DeadLetters,
    Account,
    Review,
    Alarm,
    Enrolling,
    Senders,
    Infrastructure,
    Tenants,
}

/// Where to go on reading.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Links {
    /// The runbook, at what the notice is about.
    pub runbook: String,
    /// The guard's dashboard in the CloudWatch console; `None` when there is none.
    pub dashboard: Option<String>,
}

impl Section {
    /// Each of them.
    pub const ALL: [Self; 12] = [
        Self::Refused,
        Self::Reading,
        Self::Orders,
        Self::Blind,
        Self::DeadLetters,
        Self::Account,
        Self::Review,
        Self::Alarm,
        Self::Enrolling,
        Self::Senders,
        Self::Infrastructure,
        Self::Tenants,
    ];

    /// Its heading in the runbook, as a link names it.
    pub fn anchor(self) -> &'static str {
        match self {
            Self::Refused => "a-tenant-calls-my-mail-is-refused",
            Self::Reading => "reading-a-notice",
            Self::Orders => "orders",
            Self::Blind => "the-guard-says-it-is-blind",
            Self::DeadLetters => "dead-letters",
            Self::Account => "the-account-nears-awss-line",
            Self::Review => "ses-puts-the-account-under-review",
            Self::Alarm => "a-cloudwatch-alarm-and-the-guard-disagree",
            Self::Enrolling => "enrolling-configuration-sets",
            Self::Senders => "who-sends-with-whose-set",
            Self::Infrastructure => "infrastructure-as-code-dont-undo-a-pause",
            Self::Tenants => "a-tenant-of-ses-is-disabled",
        }
    }
}

impl Letterhead {
    /// Of a guard of these homes whose actuator is this function; its name gives the stack's.
    pub fn of(homes: Homes, actuator: &str) -> Self {
        let stack = actuator.strip_suffix(ACTUATE).map(str::to_owned);
        Self { homes: Some(homes), stack, dashboard: None, runbook: None }
    }

    /// With a dashboard of this name; an empty one is none.
    #[must_use]
    pub fn with_dashboard(self, name: &str) -> Self {
        Self { dashboard: Some(name.to_owned()).filter(|name| !name.is_empty()), ..self }
    }

    /// With a runbook of the operator's own; an empty address is none.
    #[must_use]
    pub fn with_runbook(self, url: &str) -> Self {
        Self { runbook: Some(url.to_owned()).filter(|url| !url.is_empty()), ..self }
    }

    /// As `ses-guard` wants the set named: with its home where there are several. The account's name would be a pattern in a
    /// shell.
    pub(super) fn argument(&self, set: &SetKey) -> String {
        let name = if set.is_account() { format!("'{}'", set.name) } else { set.name.to_string() };
        match self.is_of_several_homes() {
            true => format!("{name} --home {}", Home::of(set)),
            false => name,
        }
    }

    pub(super) fn is_of_several_homes(&self) -> bool {
        self.homes.as_ref().is_some_and(Homes::are_several)
    }

    /// The text with each of its commands as it must be typed to reach this guard, whatever the reader's own defaults are:
    /// there may be another guard in the Region of their profile that knows a set of the same name.
    pub(super) fn addressed(&self, text: &str) -> String {
        const COMMAND: &str = "ses-guard ";
        let options = self.options();
        let mut pieces = text.split(COMMAND);
        let mut addressed = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            // A command of `policy` has two words.
            let (policy, piece) = piece.strip_prefix("policy ").map_or(("", piece), |rest| ("policy ", rest));
            let verb = piece.len() - piece.trim_start_matches(|letter: char| letter.is_ascii_lowercase()).len();
            let (verb, rest) = piece.split_at(verb);
            addressed += COMMAND;
            addressed += policy;
            addressed += verb;
            addressed += if verb.is_empty() { "" } else { &options };
            addressed += rest;
        }
        addressed
    }

    /// The text with the stack's own name, where that is known.
    pub(super) fn of_stack(&self, text: &str) -> String {
        text.replace(SOME_STACK, self.stack.as_deref().unwrap_or(SOME_STACK))
    }

    fn options(&self) -> String {
        let stack = self.stack.as_ref().filter(|stack| *stack != DEFAULT_STACK);
        let stack = stack.map(|stack| format!(" --stack {stack}"));
        let region = self.homes.as_ref().map(|homes| format!(" --region {}", homes.own().region));
        stack.unwrap_or_default() + &region.unwrap_or_default()
    }

    /// Where to go on reading.
    pub(super) fn links(&self, section: Section) -> Links {
        let runbook = self.runbook.as_deref().unwrap_or(RUNBOOK);
        let dashboard = self.homes.as_ref().zip(self.dashboard.as_ref()).and_then(|(homes, name)| {
            let region = &homes.own().region;
            Some(format!("{}/cloudwatch/home?region={region}#dashboards/dashboard/{name}", console(region)?))
        });
        Links { runbook: format!("{runbook}#{}", section.anchor()), dashboard }
    }
}

/// `None` in a partition whose console's address is not known.
fn console(region: &Region) -> Option<String> {
    let domain = match region.as_str().split('-').next()? {
        "cn" => "amazonaws.cn",
        "us" if region.as_str().starts_with("us-gov-") => "amazonaws-us-gov.com",
        "us" if region.as_str().starts_with("us-iso") => return None,
        "eusc" => return None,
        _ => "aws.amazon.com",
    };
    Some(format!("https://{region}.console.{domain}"))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Of a guard whose stack has this name.
    pub(in crate::notice) fn letterhead(stack: &str, others: &str) -> Letterhead {
        let own = "111122223333/eu-west-1".parse().unwrap();
        Letterhead::of(Homes::listed(own, others).unwrap(), &format!("{stack}-actuate")).with_dashboard(stack)
    }

    #[test]
    fn a_command_is_of_the_guard_that_tells() {
        let (ours, another) = (letterhead(DEFAULT_STACK, ""), letterhead("mail-guard", ""));
        for (letterhead, text, addressed) in [
            (&ours, "ses-guard list", "ses-guard list --region eu-west-1"),
            (&another, "ses-guard list", "ses-guard list --stack mail-guard --region eu-west-1"),
            (
                &ours,
                "see: ses-guard status promo, then: ses-guard resume promo --reason \"x\"",
                "see: ses-guard status --region eu-west-1 promo, then: ses-guard resume --region eu-west-1 promo --reason \"x\"",
            ),
            (&another, "ses-guard status STACK-a", "ses-guard status --stack mail-guard --region eu-west-1 STACK-a"),
            (&ours, "ses-guard policy show", "ses-guard policy show --region eu-west-1"),
            (&ours, "ses-guard --help", "ses-guard --help"),
            (&ours, "", ""),
            (&Letterhead::default(), "ses-guard list", "ses-guard list"),
        ] {
            assert_eq!(letterhead.addressed(text), addressed, "{text}");
        }
        let logs = "aws logs tail /aws/lambda/STACK-sweep";
        assert_eq!(another.of_stack(logs), "aws logs tail /aws/lambda/mail-guard-sweep");
        assert_eq!(Letterhead::default().of_stack(logs), logs);
    }

    #[test]
    fn the_dashboard_is_in_the_console_of_the_guards_partition() {
        for (region, link) in [
            ("eu-west-1", Some("https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1")),
            ("us-east-1", Some("https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1")),
            ("cn-north-1", Some("https://cn-north-1.console.amazonaws.cn/cloudwatch/home?region=cn-north-1")),
            (
                "us-gov-west-1",
                Some("https://us-gov-west-1.console.amazonaws-us-gov.com/cloudwatch/home?region=us-gov-west-1"),
            ),
            ("us-iso-east-1", None),
            ("eusc-de-east-1", None),
        ] {
            let own = format!("111122223333/{region}").parse().unwrap();
            let letterhead = Letterhead::of(Homes::only(own), "guard-actuate");
            assert_eq!(letterhead.clone().with_dashboard("").links(Section::Orders).dashboard, None);
            let links = letterhead.with_dashboard("guard").links(Section::Orders);
            let expected = link.map(|link| format!("{link}#dashboards/dashboard/guard"));
            assert_eq!(links.dashboard, expected, "{region}");
        }
    }

    #[test]
    fn the_runbook_may_be_the_operators_own() {
        let ours = letterhead(DEFAULT_STACK, "");
        assert_eq!(ours.links(Section::Orders).runbook, format!("{RUNBOOK}#orders"));
        assert_eq!(ours.clone().with_runbook("").links(Section::Orders).runbook, format!("{RUNBOOK}#orders"));
        let theirs = ours.with_runbook("https://wiki.example.com/mail");
        assert_eq!(theirs.links(Section::Blind).runbook, "https://wiki.example.com/mail#the-guard-says-it-is-blind");
        let unknown = Letterhead::default().links(Section::Orders);
        assert_eq!(unknown.dashboard, None, "nobody knows in which Region");
    }

    /// As GitHub makes a link of a heading.
    fn anchor(heading: &str) -> String {
        let kept = |letter: &char| letter.is_alphanumeric() || matches!(letter, ' ' | '-');
        heading.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")
    }

    #[test]
    fn each_section_is_a_heading_of_the_runbook() {
        let runbook = include_str!("../../../../docs/OPERATIONS.md");
        let headings = runbook.lines().filter(|line| line.starts_with('#'));
        let anchors: Vec<_> = headings.map(|line| anchor(line.trim_start_matches('#').trim())).collect();
        for section in Section::ALL {
            assert!(anchors.iter().any(|anchor| anchor == section.anchor()), "{section:?}");
        }
    }
}
