//! The pages as they come out: of a hundred kinds of foreign text, at ten thousand sets, and in CloudWatch's own terms.

use guard_core::account::AccountWatch;
use guard_core::audit::{Act, AuditRecord};
use guard_core::home::{Home, Homes};
use guard_core::name::SetKey;
use guard_core::policy::Deployed;
use guard_core::policy::stored::Policies;
use guard_core::port::Register;
use guard_core::state::{Change, Hold, Phase, State, Totals, Why};
use guard_core::steps::decide::Mode;
use guard_core::steps::watch::Watcher;
use guard_core::tenant::Lever;
use guard_local::{ManualClock, MemoryLedger, MemoryPolicyStore, MemoryRegister};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;

/// What CloudWatch gets at most from us; Lambda's own limit is 6 MB.
const MOST_BYTES: usize = 256 * 1024;
const HOSTILE: &str =
    "\"><script>alert(1)</script><img src=x onerror=alert(2)>' </cwdb-action></style><iframe> javascript:x &lt;";

type Memory = Watcher<MemoryLedger, MemoryRegister, ManualClock, MemoryPolicyStore>;

fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn key(name: &str) -> SetKey {
    format!("111122223333/eu-west-1/{name}").parse().unwrap()
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let mut future = std::pin::pin!(future);
    loop {
        if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

fn watcher(states: impl IntoIterator<Item = (String, State)>) -> Memory {
    let register = MemoryRegister::default();
    for (name, after) in states {
        let (set, before) = (key(&name), State::default());
        let why = after.why.clone().unwrap_or_default();
        let record = AuditRecord::of(&set, now(), Act::Held, &before, &after, why);
        let _ = wait(register.commit(&Change::silent(&set, &before, after).recorded(record, false))).unwrap();
    }
    Watcher {
        ledger: MemoryLedger::default(),
        register,
        clock: ManualClock::at(now()),
        policies: Policies::new(Deployed::default(), MemoryPolicyStore::default()),
        mode: Mode::Enforce,
        homes: Homes::only(Home::of(&key("any"))),
    }
}

fn hostile(phase: Phase) -> State {
    let why = Why::operator(HOSTILE.repeat(4), HOSTILE, HOSTILE);
    let hold = Hold { actor: HOSTILE.to_owned(), reason: HOSTILE.repeat(4), since: now() };
    let totals = Some(Totals { sends: 1_000_000, bounces: 49_000, ..Totals::default() });
    State { phase, hold: Some(hold), why: Some(why), totals, used_ppm: 980_000, near: true, ..State::default() }
}

/// The account's state, with so many tenants that AWS has disabled, for this reason.
fn disabled(tenants: usize, cause: &str) -> (String, State) {
    let found = json!({"open": true, "impact": "HIGH", "sentence": cause, "at": now()});
    let one = json!({"aws": {"status": "DISABLED", "cause": cause, "at": now(), "told": true}, "findings": {"BOUNCE": found}});
    let tenants = (0..tenants).map(|number| (format!("acme-{number}/tn-1a2b"), one.clone()));
    let tenants = serde_json::from_value(tenants.collect::<serde_json::Map<_, _>>().into()).unwrap();
    let account = Some(Box::new(AccountWatch { tenants, ..AccountWatch::default() }));
    (Home::of(&key("any")).whole().name.to_string(), State { account, ..State::default() })
}

fn page(watcher: &Memory, event: Value) -> String {
    let place = Place::of(&event, "arn:aws:lambda:eu-west-1:111122223333:function:guard-widget", Some("arn:operate"));
    wait(respond(watcher, &place, &event)).unwrap()
}

fn context(forms: &Value) -> Value {
    json!({ "theme": "light", "width": 1000, "forms": { "all": forms }, "params": {} })
}

/// The names of all elements, and of all their attributes.
fn elements(html: &str) -> Vec<String> {
    let style = html.find("<style>").unwrap()..html.find("</style>").unwrap();
    let rest = [&html[..style.start], &html[style.end..]].concat();
    rest.split('<')
        .skip(1)
        .filter(|tag| !tag.starts_with('/'))
        .map(|tag| tag.split([' ', '>']).next().unwrap().to_owned())
        .collect()
}

const KNOWN: [&str; 32] = [
    "button",
    "caption",
    "cwdb-action",
    "dd",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "form",
    "h2",
    "h3",
    "input",
    "label",
    "li",
    "ol",
    "p",
    "path",
    "pre",
    "rect",
    "span",
    "strong",
    "svg",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "time",
    "title",
    "tr",
    "style",
];

#[test]
fn foreign_text_makes_no_element_and_ends_no_attribute() {
    let phases = [Phase::Active, Phase::Paused, Phase::External, Phase::Gone, Phase::Trial];
    let sets = phases.into_iter().enumerate().map(|(n, phase)| (format!("set-{n}"), hostile(phase)));
    let watcher = watcher(sets.chain([disabled(1, HOSTILE)]));
    let events = [
        json!({ "widgetContext": context(&json!({ "find": HOSTILE })), "search": true }),
        json!({ "find": HOSTILE, "widgetContext": context(&json!({})) }),
        json!({ "widgetContext": context(&json!({})) }),
        json!({ "set": key("set-0"), "find": HOSTILE, "widgetContext": context(&json!({})) }),
        json!({ "set": key("set-2"), "widgetContext": context(&json!({})) }),
        json!({ "set": HOSTILE, "widgetContext": context(&json!({})) }),
    ];
    for event in events {
        let page = page(&watcher, event.clone());
        for name in elements(&page) {
            assert!(KNOWN.contains(&name.as_str()), "{name} in the page of {event}");
        }
        for forbidden in ["<script", "<img", "<iframe", "<use", " onerror=\"", "</style><"] {
            let allowed = usize::from(forbidden == "</style><");
            assert_eq!(page.matches(forbidden).count(), allowed, "{forbidden} in the page of {event}");
        }
    }
}

#[test]
fn ten_thousand_sets_make_a_page_of_the_most_rows_that_is_small_enough() {
    let name = |number: usize| format!("{number:05}-{}", "x".repeat(58));
    let sets = (0..10_000).map(|number| (name(number), hostile(Phase::Active)));
    let watcher = watcher(sets.chain([disabled(100, &"x".repeat(1_000))]));
    let page = page(&watcher, json!({ "rows": 50, "widgetContext": context(&json!({})) }));
    assert!(page.len() < MOST_BYTES, "{} bytes", page.len());
    assert_eq!(page.matches("sg-link").count() - STYLE.matches("sg-link").count(), 50);
    assert!(page.contains("1 to 50 of 10,000 configuration sets"), "the count and the way to the others");
    assert!(page.contains("\"page\":1") || page.contains("&quot;page&quot;:1"));
}

#[test]
fn each_action_follows_a_button_and_carries_json() {
    let watcher = watcher([("promo".to_owned(), hostile(Phase::Paused))]);
    for event in [json!({}), json!({ "set": key("promo") })] {
        let page = page(&watcher, event);
        let actions = page.matches("<cwdb-action ").count();
        assert!(actions > 1);
        assert_eq!(page.matches("</button><cwdb-action action=\"call\" ").count(), actions, "the element before it");
        for action in page.split("<cwdb-action ").skip(1) {
            let (attributes, rest) = action.split_once('>').unwrap();
            assert!(attributes.contains("endpoint=\"arn:"), "{attributes}");
            let json = rest.split('<').next().unwrap().replace("&quot;", "\"").replace("&amp;", "&");
            assert!(serde_json::from_str::<Value>(&json).unwrap().is_object(), "{json}");
            let orders = attributes.contains("arn:operate");
            assert_eq!(attributes.contains("confirmation=\""), orders, "orders ask first: {attributes}");
            assert_eq!(attributes.contains("display=\"popup\""), orders, "and keep what was typed: {attributes}");
        }
    }
}

#[test]
fn all_style_hangs_on_the_widget() {
    let selectors = STYLE.split('}').filter_map(|rule| rule.split_once('{')).map(|(selectors, _)| selectors.trim());
    for selector in selectors.filter(|text| !text.is_empty()).flat_map(|text| text.split(',')) {
        assert!(selector.trim().starts_with(".sg"), "{selector} may reach other widgets of the dashboard");
    }
    for forbidden in ["@import", "url(", "<", "expression(", "@font-face"] {
        assert!(!STYLE.contains(forbidden), "{forbidden}");
    }
}

#[test]
fn without_leave_there_is_no_order() {
    let watcher = watcher([("promo".to_owned(), hostile(Phase::Paused))]);
    let with = page(&watcher, json!({ "set": key("promo") }));
    let without = page(&watcher, json!({ "set": key("promo"), "actions": false }));
    assert!(with.contains("arn:operate") && with.contains("name=\"reason\""));
    assert!(!without.contains("arn:operate") && !without.contains("name=\"reason\""));
}

#[test]
fn each_phase_may_be_ordered_what_its_order_allows() {
    for (phase, labels) in [
        (Phase::Active, vec!["Pause", "Hold"]),
        (Phase::Warned, vec!["Pause", "Hold"]),
        (Phase::Trial, vec!["Pause", "Hold"]),
        (Phase::Resuming, vec!["Pause", "Hold"]),
        (Phase::Pausing, vec!["Resume", "Hold"]),
        (Phase::Paused, vec!["Resume", "Hold"]),
        (Phase::External, vec!["Resume all the same", "Pause", "Hold"]),
        (Phase::Gone, vec![]),
    ] {
        let watcher = watcher([("promo".to_owned(), State { phase, ..State::default() })]);
        let page = page(&watcher, json!({ "set": key("promo") }));
        let shown: Vec<&str> = ["Pause", "Resume", "Resume all the same", "Hold", "Release"]
            .into_iter()
            .filter(|label| page.contains(&format!(">{label}</button>")))
            .collect();
        let mut labels = labels;
        labels.sort_unstable();
        let mut shown = shown;
        shown.sort_unstable();
        assert_eq!(shown, labels, "{phase:?}");
    }
}

#[test]
fn tenants_of_ses_that_aws_stops_are_named() {
    let page = page(&watcher([disabled(12, "Too many bounces.")]), json!({}));
    let line = "<strong>Tenant acme-0: </strong>AWS has disabled it, Fri 20 Nov 12:00 UTC (Too many bounces.). \
        AWS has found BOUNCE, impact HIGH: Too many bounces.";
    assert!(page.contains(line), "{page}");
    assert_eq!(page.matches("<strong>Tenant ").count(), 10);
    assert!(page.contains("2 more tenants of SES"));
}

#[test]
fn a_set_that_is_paused_through_its_tenant_says_so() {
    let lever = Lever::Tenant("acme/tn-1a2b".parse().unwrap());
    let watcher = watcher([("promo".to_owned(), State { phase: Phase::Paused, lever, ..State::default() })]);
    assert!(page(&watcher, json!({ "set": key("promo") })).contains("<dt>Paused through its tenant</dt><dd>acme</dd>"));
}

#[test]
fn whoever_adds_the_widget_is_told_its_parameters() {
    let described = page(&watcher([]), json!({ "describe": true }));
    assert!(
        described.starts_with("## ") && described.contains("``` yaml\nrows: 20\nactions: true\n```"),
        "{described}"
    );
}

#[test]
fn what_the_guard_of_this_home_does_not_see_is_said_above_all_sets() {
    let mut watcher = watcher([("promo".to_owned(), State::default())]);
    let said = "The guard has not looked for blind spots yet.";
    assert_eq!(page(&watcher, json!({})).matches(said).count(), 1);
    watcher.homes = Homes::listed(Home::of(&key("any")), "444455556666/us-east-1").unwrap();
    assert_eq!(page(&watcher, json!({})).matches(said).count(), 1, "once, however many homes there are");
}

#[test]
fn what_is_unknown_is_said_and_leads_back() {
    let watcher = watcher([]);
    for (event, said) in [
        (json!({}), "Nothing is known of any configuration set yet."),
        (json!({ "set": key("nobody") }), "Nothing is known of this configuration set."),
        (json!({ "set": "444455556666/us-east-1/other" }), "Nothing is known of this configuration set."),
        (json!({ "phase": "ASLEEP" }), "There is no such phase."),
    ] {
        assert!(page(&watcher, event.clone()).contains(said), "{event}");
    }
}
