//! A set that belongs to a tenant of SES is paused through it where the policy says so, and let go the same way.

use guard_aws::{Clients, HomeClients, MemberRole, SesSwitch};
use guard_core::audit::Act;
use guard_core::event::SignalKind::{Bounce, Send};
use guard_core::home::Home;
use guard_core::name::SetKey;
use guard_core::policy::Deployed;
use guard_core::port::{Clock, Register, SwitchFault, Tenants, chain};
use guard_core::state::Phase;
use guard_core::steps::sweep::OnDrift;
use guard_core::tenant::SendingStatus::{Disabled, Enabled, Reinstated};
use guard_core::tenant::{Lever, SendingStatus, Tenant, TenantStatus};
use guard_core::time::plus_seconds;
use guard_local::SesFault;
use guard_sweep::Errand;
use guard_tests::crash::Fuse;
use guard_tests::guard::Guard;
use guard_tests::mail::{REGION, homes, set};
use guard_tests::story::{guard, order, subjects};
use guard_tests::wire::{Asked, Wire};
use serde_json::Value;

const POLICY: &str = "[profile.tenants]\npause_through = 'tenant'\n[[assign]]\nsets = '*'\nprofile = 'tenants'\n";

fn tenant(text: &str) -> Tenant {
    text.parse().unwrap()
}

fn acme() -> Tenant {
    tenant("acme/tn-1a2b")
}

/// `promo` and `shop` by a policy of tenants, `promo` a resource of these.
fn guarding(tenants: &[Tenant]) -> (Guard, SetKey) {
    let (mut guard, promo, _) = guard();
    guard.policy = Deployed::read(POLICY).unwrap();
    tenants.iter().for_each(|tenant| guard.ses.associate(&promo, tenant));
    (guard, promo)
}

/// 300 mails of the set, of which 60 bounce.
async fn goes_bad(guard: &mut Guard, name: &str) {
    let sent_at = plus_seconds(guard.clock.now(), -600);
    guard.mail(name, Send, 0, 300, sent_at).await;
    guard.mail(name, Bounce, 0, 60, sent_at).await;
}

/// `promo` is paused through its tenant.
async fn paused() -> (Guard, SetKey) {
    let (mut guard, promo) = guarding(&[acme()]);
    goes_bad(&mut guard, "promo").await;
    assert_eq!(guard.ses.tenants_turned(), [("acme".to_owned(), Disabled)]);
    (guard, promo)
}

fn treat(guard: &Guard, set: &SetKey, change: impl FnOnce(&mut TenantStatus)) {
    guard.ses.treat_tenant(&Home::of(set), &acme(), change);
}

/// An hour of sweeps.
async fn sweeps(guard: &mut Guard) {
    for _ in 0..60 {
        guard.clock.advance(60);
        guard.sweep().await;
    }
}

async fn why(guard: &Guard, set: &SetKey) -> String {
    guard.state(set).await.why.unwrap().sentence
}

fn words(turned: &[(String, SendingStatus)]) -> Vec<SendingStatus> {
    turned.iter().map(|(_, status)| *status).collect()
}

#[tokio::test]
async fn a_pause_goes_through_the_tenant_and_says_so() {
    let (mut guard, promo) = paused().await;
    assert!(guard.ses.calls().iter().all(|(_, turned)| turned.is_none()), "its own switch is left alone");
    assert!(!guard.ses.accepts(&promo) && guard.ses.accepts(&set("shop")));
    let state = guard.state(&promo).await;
    assert_eq!((state.phase, &state.lever), (Phase::Paused, &Lever::Tenant(acme())));
    let notice = guard.notices.all().pop().unwrap();
    insta::assert_snapshot!(notice.text.split("\n\nRunbook").next().unwrap(), @r#"
    Sending was paused: 60 of the 300 mails sent between Fri 11:45 and 11:59 UTC hard-bounced (20.0 %); the limit for that many mails is 25 (10 + 5 %). Through its tenant acme: SES refuses all mail of that tenant.

    Configuration set: promo (account 111122223333, eu-west-1)
    What the guard did: disabled its tenant acme in SES at 2026-11-20T12:07:01Z. SES refuses all mail of that tenant; all others go on sending.
    What to do: find out where the failing addresses come from, mend that, then: ses-guard resume --region eu-west-1 promo --reason "what was mended" --actor you@example.com
    "#);
    let status = guard.operate(serde_json::json!({"action": "status", "configurationSet": "promo"})).await;
    assert_eq!(status["sendingEnabled"], false);
    insta::assert_snapshot!(status["tenant"], @r#"{"disabledByAws":false,"pausedThrough":true,"tenant":"acme/tn-1a2b"}"#);
    sweeps(&mut guard).await;
    assert_eq!(guard.ses.tenants_turned().len(), 1, "SES says what is meant: {:?}", subjects(&guard));
}

#[tokio::test]
async fn a_resume_takes_the_same_lever_back_and_never_has_aws_look_away() {
    let (mut guard, promo) = paused().await;
    // The policy changes meanwhile: what was done is known from the set.
    guard.policy = Deployed::default();
    guard.clock.advance(600);
    let answer = guard.operate(order("resume")).await;
    assert_eq!(answer["ok"], true, "{answer}");
    assert!(guard.ses.accepts(&promo));
    assert_eq!(words(&guard.ses.tenants_turned()), [Disabled, Enabled], "not {Reinstated:?}");
    let state = guard.state(&promo).await;
    assert_eq!((state.phase, state.lever), (Phase::Trial, Lever::OwnSwitch));
    let history = guard.register.history(&promo, 10).await.unwrap();
    let through: Vec<_> = history.iter().map(|one| (one.act, one.through.as_ref().map(Tenant::name))).collect();
    let acme = Some("acme");
    let expected = [(Act::Resumed, acme), (Act::ResumeIntended, acme), (Act::Paused, acme), (Act::PauseIntended, None)];
    assert_eq!(through, expected);
}

#[tokio::test]
async fn what_is_not_clearly_one_sending_tenant_is_left_alone() {
    let one = [acme()];
    let two = [acme(), tenant("beta/tn-3c4d")];
    let by = |customer, aws| TenantStatus { customer, aws };
    let mut told = String::new();
    for (what, tenants, status, faults) in [
        ("none", &[][..], by(Enabled, Enabled), vec![]),
        ("two", &two, by(Enabled, Enabled), vec![]),
        ("disabled by AWS", &one, by(Enabled, Disabled), vec![]),
        ("disabled by someone", &one, by(Disabled, Enabled), vec![]),
        ("reinstated", &one, by(Reinstated, Enabled), vec![]),
        ("SES refuses to say which", &one, by(Enabled, Enabled), vec![SesFault::Denied]),
        ("SES throttles", &one, by(Enabled, Enabled), vec![SesFault::Throttled]),
    ] {
        let (mut guard, promo) = guarding(tenants);
        treat(&guard, &promo, |stored| *stored = status);
        guard.ses.plant(faults);
        goes_bad(&mut guard, "promo").await;
        assert!(!guard.ses.accepts(&promo), "{what}");
        assert_eq!(guard.state(&promo).await.phase, Phase::Paused, "{what}");
        let own = guard.ses.calls().contains(&(promo.clone(), Some(false)));
        assert_eq!(own, guard.ses.tenants_turned().is_empty(), "{what}: by one of the two");
        let sentence = why(&guard, &promo).await;
        told += &format!("{what}: {}\n", sentence.rsplit_once("). ").unwrap().1);
    }
    insta::assert_snapshot!(told, @r"
    none: By its own switch, not through a tenant: it belongs to none.
    two: By its own switch, not through a tenant: it belongs to more than one.
    disabled by AWS: By its own switch, not through a tenant: AWS keeps the tenant acme disabled.
    disabled by someone: By its own switch, not through a tenant: the tenant acme is disabled already.
    reinstated: Through its tenant acme: SES refuses all mail of that tenant.
    SES refuses to say which: By its own switch, not through a tenant: SES did not say which it belongs to.
    SES throttles: Through its tenant acme: SES refuses all mail of that tenant.
    ");
}

#[tokio::test]
async fn the_first_of_two_sets_holds_their_tenant() {
    let (mut guard, promo) = paused().await;
    let shop = set("shop");
    guard.ses.associate(&shop, &acme());
    assert!(!guard.ses.accepts(&shop), "a tenant is stopped as a whole");
    sweeps(&mut guard).await;
    assert_eq!(guard.state(&shop).await.phase, Phase::Active, "nobody else disabled it: {:?}", subjects(&guard));

    goes_bad(&mut guard, "shop").await;
    assert_eq!(guard.state(&shop).await.lever, Lever::OwnSwitch);
    guard.clock.advance(600);
    guard.operate(order("resume")).await;
    assert!(guard.ses.accepts(&promo) && !guard.ses.accepts(&shop), "the other's pause stays");
    sweeps(&mut guard).await;
    assert_eq!(guard.state(&shop).await.phase, Phase::Paused);
    assert_eq!(words(&guard.ses.tenants_turned()), [Disabled, Enabled]);
}

#[tokio::test]
async fn what_aws_disables_is_never_fought() {
    let (mut guard, promo) = paused().await;
    treat(&guard, &promo, |stored| stored.aws = Disabled);
    guard.clock.advance(600);
    let refused = guard.operate(order("resume")).await;
    insta::assert_snapshot!(refused["error"], @r#"{"code":"stoppedByAws","message":"AWS keeps the tenant acme disabled, and nobody but AWS lets it send again: answer the case in the Support Center, and resume the configuration set when AWS has enabled its tenant"}"#);
    let status = guard.operate(serde_json::json!({"action": "status", "configurationSet": "promo"})).await;
    assert_eq!(status["tenant"]["disabledByAws"], true, "{status}");
    sweeps(&mut guard).await;
    // Whoever enables it as the customer changes nothing for its mail, and so there is nothing to fight either.
    treat(&guard, &promo, |stored| stored.customer = Reinstated);
    sweeps(&mut guard).await;
    assert_eq!(guard.state(&promo).await.phase, Phase::Paused);
    assert_eq!(words(&guard.ses.tenants_turned()), [Disabled], "{:?}", subjects(&guard));
}

#[tokio::test]
async fn a_set_whose_tenant_aws_disables_is_found_so_and_found_sending_again() {
    let (mut guard, promo) = guarding(&[acme()]);
    guard.mail("promo", Send, 0, 10, guard.clock.now()).await;
    treat(&guard, &promo, |stored| stored.aws = Disabled);
    sweeps(&mut guard).await;
    assert_eq!(guard.state(&promo).await.phase, Phase::External);
    insta::assert_snapshot!(why(&guard, &promo).await, @"AWS keeps its tenant acme disabled, and nobody but AWS lets it send again: answer the case in the Support Center.");
    let mut forced = order("resume");
    forced["force"] = Value::Bool(true);
    let refused = guard.operate(forced).await;
    assert_eq!(refused["error"]["code"], "stoppedByAws");
    treat(&guard, &promo, |stored| stored.aws = Enabled);
    sweeps(&mut guard).await;
    assert_eq!(guard.state(&promo).await.phase, Phase::Active);
    assert!(guard.ses.tenants_turned().is_empty() && guard.ses.calls().iter().all(|(_, turned)| turned.is_none()));
}

#[tokio::test]
async fn a_tenant_that_someone_else_disabled_is_enabled_on_an_operators_word_only() {
    let (mut guard, promo) = guarding(&[acme()]);
    guard.mail("promo", Send, 0, 10, guard.clock.now()).await;
    treat(&guard, &promo, |stored| stored.customer = Disabled);
    sweeps(&mut guard).await;
    assert_eq!(subjects(&guard), ["SES guard: found disabled: promo"]);
    assert_eq!(guard.operate(order("resume")).await["error"]["code"], "notPausedByGuard");
    let mut forced = order("resume");
    forced["force"] = Value::Bool(true);
    guard.operate(forced).await;
    assert!(guard.ses.accepts(&promo));
    assert_eq!(words(&guard.ses.tenants_turned()), [Enabled]);
}

#[tokio::test]
async fn a_tenant_that_someone_enables_is_disabled_again_or_that_is_let_stand() {
    for (on_drift, status, phase, turned) in [
        (OnDrift::Reassert, Enabled, Phase::Paused, &[Disabled, Disabled][..]),
        (OnDrift::Reassert, Reinstated, Phase::Paused, &[Disabled, Disabled]),
        (OnDrift::Adopt, Enabled, Phase::Trial, &[Disabled]),
    ] {
        let (mut guard, promo) = paused().await;
        guard.on_drift = on_drift;
        guard.clock.advance(600);
        treat(&guard, &promo, |stored| stored.customer = status);
        sweeps(&mut guard).await;
        assert_eq!(guard.state(&promo).await.phase, phase, "{on_drift:?}, {status:?}");
        assert_eq!(words(&guard.ses.tenants_turned()), turned, "{on_drift:?}, {status:?}");
    }
}

#[tokio::test]
async fn a_tenant_or_a_set_that_is_deleted_leaves_nothing_half_done() {
    let (mut guard, promo) = paused().await;
    guard.ses.delete_tenant(&Home::of(&promo), &acme());
    sweeps(&mut guard).await;
    let state = guard.state(&promo).await;
    assert_eq!((state.phase, state.lever), (Phase::Paused, Lever::OwnSwitch), "it is paused again, by its own switch");
    assert!(!guard.ses.accepts(&promo));
    let sentence = why(&guard, &promo).await;
    assert!(sentence.ends_with("That tenant is no more, so its own switch is turned."), "{sentence}");

    let (mut guard, promo) = paused().await;
    guard.ses.delete(&promo);
    sweeps(&mut guard).await;
    assert_eq!(guard.state(&promo).await.phase, Phase::Gone);
    let record = guard.register.history(&promo, 1).await.unwrap().remove(0);
    insta::assert_snapshot!(record.sentence, @"SES knows no configuration set of this name any more; there is nothing to pause or resume. Its tenant acme, through which it was stopped, stays disabled.");
}

#[tokio::test]
async fn the_account_has_no_tenant_whatever_its_sets_are_paused_through() {
    let (mut guard, promo) = guarding(&[acme()]);
    guard.ses.create(&Home::of(&promo).whole());
    // Its switch is asked; whoever asks more finds that SES throttles.
    guard.ses.plant([None, Some(SesFault::Throttled)]);
    let status = guard.operate(serde_json::json!({"action": "status", "configurationSet": "*account*"})).await;
    assert_eq!(status["sendingEnabled"], true, "{status}");
}

#[tokio::test]
async fn whoever_dies_on_the_way_leaves_the_lever_on_file() {
    let mut deaths = 0;
    for steps in 0..200 {
        let (mut guard, promo) = guarding(&[acme()]);
        guard.operate_only(order("pause")).await;
        let survived = guard.actuate(&[promo.clone()].into(), &Fuse::of(steps)).await.is_some();
        deaths += u32::from(!survived);
        guard.settle().await;
        assert_eq!(guard.state(&promo).await.lever, Lever::Tenant(acme()), "after {steps} steps");
        assert!(!guard.ses.accepts(&promo), "after {steps} steps");
        guard.clock.advance(600);
        guard.operate_only(order("resume")).await;
        drop(guard.actuate(&[promo.clone()].into(), &Fuse::of(steps)).await);
        guard.settle().await;
        let state = guard.state(&promo).await;
        assert_eq!((state.phase, state.lever), (Phase::Trial, Lever::OwnSwitch), "after {steps} steps");
        assert!(guard.ses.accepts(&promo), "after {steps} steps");
        if survived {
            break;
        }
    }
    assert!(deaths > 20, "{deaths} places to die");
}

#[tokio::test]
async fn an_answer_that_was_lost_is_asked_for_again_by_the_same_lever() {
    let (mut guard, promo) = guarding(&[acme()]);
    // Which tenant, and how it stands, are answered; that it was disabled is not.
    guard.ses.plant([None, None, Some(SesFault::AnswerLost)]);
    goes_bad(&mut guard, "promo").await;
    assert_eq!(guard.state(&promo).await.lever, Lever::Tenant(acme()));
    assert_eq!(guard.state(&promo).await.phase, Phase::Paused, "it was done again, by the same lever");
    assert_eq!(words(&guard.ses.tenants_turned()), [Disabled, Disabled]);
}

const EVENTS: [&str; 3] = [
    include_str!("../../events/eventbridge/advisor-recommendation-open-tenant.json"),
    include_str!("../../events/eventbridge/sending-status-disabled-tenant.json"),
    include_str!("../../events/eventbridge/sending-status-enabled-tenant.json"),
];

/// `sweep` is invoked with an event. How often it was news.
async fn told(guard: &mut Guard, event: &Value) -> usize {
    let errand = Errand::of(event, &guard.homes, "guard-actuate", guard.clock.now());
    let Errand::Tenant(event) = errand else { panic!("{errand:?}") };
    let swept = guard.sweeper(&Fuse::endless()).await.told_of_tenant(&event).await;
    assert!(swept.faults.is_empty(), "{swept:?}");
    guard.settle().await;
    swept.tenants.len()
}

/// Somebody in the guard's account, or the guard, disabled `acme`.
fn disabled_by_customer() -> Value {
    let mut event: Value =
        serde_json::from_str(&EVENTS[1].replace("acme-corp/tn-1a2b3c4d5e6f", "acme/tn-1a2b")).unwrap();
    event["detail"]["data"]["origin"] = "CUSTOMER_MANAGED".into();
    event
}

#[tokio::test]
async fn what_aws_says_of_tenants_is_told_once_and_shown() {
    let (mut guard, promo) = guarding(&[tenant("acme-corp/tn-1a2b3c4d5e6f")]);
    guard.mail("promo", Send, 0, 10, guard.clock.now()).await;
    let events = EVENTS.map(|text| serde_json::from_str::<Value>(text).unwrap());
    for event in [&events[0], &events[1], &events[1], &events[0]] {
        told(&mut guard, event).await;
    }
    let texts: Vec<String> =
        guard.notices.all().into_iter().map(|one| format!("{}: {}", one.subject, one.text)).collect();
    let first: Vec<&str> = texts.iter().filter_map(|text| text.lines().next()).collect();
    insta::assert_snapshot!(first.join("\n"), @r"
    SES guard: AWS speaks of a tenant in account 111122223333: AWS's finding about the tenant acme-corp (BOUNCE, impact HIGH): The bounce rate exceeded 15.0% based on a representative volume of 664 emails from November 20, 2026 at 10:41 (UTC) to November 20, 2026 at 12:26 (UTC).
    SES guard: AWS speaks of a tenant in account 111122223333: AWS disabled the tenant acme-corp: SES refuses all of its mail, until AWS enables it. The reason that AWS gives: A high impact reputation finding was detected.
    ");
    assert!(guard.state(&promo).await.look_at.is_some(), "SES itself is asked about the tenant's sets");
    let status = guard.operate(serde_json::json!({"action": "status"})).await;
    insta::assert_snapshot!(serde_json::to_string_pretty(&status["account"]["tenants"]).unwrap(), @r#"
    [
      {
        "disabledByAws": {
          "cause": "A high impact reputation finding was detected.",
          "since": "2026-11-20T12:44:28.995Z"
        },
        "disabledByCustomer": null,
        "findings": [
          {
            "at": "2026-11-20T12:37:14Z",
            "impact": "HIGH",
            "sentence": "The bounce rate exceeded 15.0% based on a representative volume of 664 emails from November 20, 2026 at 10:41 (UTC) to November 20, 2026 at 12:26 (UTC).",
            "type": "BOUNCE"
          }
        ],
        "tenant": "acme-corp/tn-1a2b3c4d5e6f"
      }
    ]
    "#);

    let mut recovered = events[1].clone();
    recovered["detail-type"] = "Sending Status Enabled".into();
    recovered["time"] = "2026-11-20T13:00:00Z".into();
    recovered["detail"]["data"]["record"] = serde_json::json!({"status": "ENABLED"});
    told(&mut guard, &recovered).await;
    told(&mut guard, &events[1]).await;
    told(&mut guard, &events[2]).await;
    let last = guard.notices.all().pop().unwrap();
    assert_eq!(last.subject, "SES guard: a tenant is well again in account 111122223333");
    assert_eq!(guard.notices.all().len(), 3, "the older word that came again is not told: {:?}", subjects(&guard));
    // The account's guard writes its own figures beside it.
    guard.guard_account().await;
    let status = guard.operate(serde_json::json!({"action": "status"})).await;
    assert_eq!(status["account"]["tenants"][0]["disabledByAws"], Value::Null);
}

#[tokio::test]
async fn what_the_guard_did_to_a_tenant_itself_is_kept_and_not_told() {
    let (mut guard, promo) = paused().await;
    assert_eq!(told(&mut guard, &disabled_by_customer()).await, 0);
    assert_eq!(subjects(&guard), ["SES guard: paused promo"]);
    let status = guard.operate(serde_json::json!({"action": "status"})).await;
    assert_eq!(status["account"]["tenants"][0]["tenant"], "acme/tn-1a2b");
    assert_eq!(guard.state(&promo).await.phase, Phase::Paused);
}

#[tokio::test]
async fn a_tenant_that_someone_else_disables_is_told_of_though_its_set_is_paused_by_its_own_switch() {
    let (mut guard, promo) = guarding(&[]);
    goes_bad(&mut guard, "promo").await;
    assert_eq!(guard.state(&promo).await.lever, Lever::OwnSwitch);
    guard.clock.advance(600);
    guard.ses.associate(&promo, &acme());
    treat(&guard, &promo, |stored| stored.customer = Disabled);
    assert_eq!(told(&mut guard, &disabled_by_customer()).await, 1, "the guard did not do that");
    assert_eq!(told(&mut guard, &disabled_by_customer()).await, 0, "told once");
    let expected = ["SES guard: paused promo", "SES guard: AWS speaks of a tenant in account 111122223333"];
    assert_eq!(subjects(&guard), expected);
}

/// SES as it is documented; `beta` was never touched, `gamma` has a status that nobody knows.
fn ses(asked: &Asked) -> (u16, String) {
    let answer = match asked.what.as_str() {
        what if what.contains("/resources/tenants/list") => {
            r#"{"ResourceTenants": [{"TenantName": "acme", "TenantId": "tn-1a2b", "AssociatedTimestamp": 1.7e9,
                "ResourceArn": "arn:aws:ses:eu-west-1:111122223333:configuration-set/promo"}]}"#
        }
        what if what.contains("/tenants/resources/list") => {
            r#"{"TenantResources": [
                {"ResourceType": "CONFIGURATION_SET", "ResourceArn": "arn:aws:ses:eu-west-1:111122223333:configuration-set/promo"},
                {"ResourceType": "EMAIL_IDENTITY", "ResourceArn": "arn:aws:ses:eu-west-1:111122223333:identity/example.com"}]}"#
        }
        what if what.starts_with("PUT ") => "{}",
        what if what.contains("acme") => {
            r#"{"ReputationEntity": {"ReputationEntityType": "RESOURCE", "SendingStatusAggregate": "DISABLED",
                "CustomerManagedStatus": {"Status": "REINSTATED", "Cause": "Status manually updated."},
                "AwsSesManagedStatus": {"Status": "DISABLED"}, "ReputationImpact": "HIGH"}}"#
        }
        what if what.contains("beta") => r#"{"ReputationEntity": {"ReputationEntityType": "RESOURCE"}}"#,
        what if what.contains("gamma") => r#"{"ReputationEntity": {"CustomerManagedStatus": {"Status": "RESTING"}}}"#,
        _ => return (404, r#"{"message": "Tenant not found"}"#.to_owned()),
    };
    (200, answer.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ses_is_asked_and_told_as_its_api_says() {
    let wire = Wire::start(ses).await;
    let own = Clients::local(&wire.url, REGION);
    let ses = SesSwitch::new(&HomeClients::new(&own, &homes(""), MemberRole::Switch, "guard-actuate").await);
    let promo = set("promo");
    let home = Home::of(&promo);
    assert_eq!(ses.tenants_of(&promo).await.unwrap(), [acme()]);
    assert_eq!(ses.sets_of(&home, &acme()).await.unwrap(), ["promo".parse().unwrap()]);
    let status = TenantStatus { customer: Reinstated, aws: Disabled };
    assert_eq!(ses.tenant_status(&home, &acme()).await.unwrap(), status);
    assert_eq!(ses.tenant_status(&home, &tenant("beta/tn-3c4d")).await.unwrap(), TenantStatus::default());
    let unknown = ses.tenant_status(&home, &tenant("gamma/tn-5e6f")).await.unwrap_err();
    assert!(chain(&unknown).contains("RESTING is no status that is known"), "{}", chain(&unknown));
    assert!(matches!(ses.tenant_status(&home, &tenant("delta/tn-7")).await, Err(SwitchFault::NotFound)));
    ses.turn_tenant(&home, &acme(), false).await.unwrap();
    ses.turn_tenant(&home, &acme(), true).await.unwrap();
    let told: Vec<String> = wire.asked().iter().map(|one| format!("{} {}", one.what, one.body)).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    POST /v2/email/resources/tenants/list {"PageSize":100,"ResourceArn":"arn:aws:ses:eu-west-1:111122223333:configuration-set/promo"}
    POST /v2/email/tenants/resources/list {"Filter":{"RESOURCE_TYPE":"CONFIGURATION_SET"},"PageSize":100,"TenantName":"acme"}
    GET /v2/email/reputation/entities/RESOURCE/arn%3Aaws%3Ases%3Aeu-west-1%3A111122223333%3Atenant%2Facme%2Ftn-1a2b 
    GET /v2/email/reputation/entities/RESOURCE/arn%3Aaws%3Ases%3Aeu-west-1%3A111122223333%3Atenant%2Fbeta%2Ftn-3c4d 
    GET /v2/email/reputation/entities/RESOURCE/arn%3Aaws%3Ases%3Aeu-west-1%3A111122223333%3Atenant%2Fgamma%2Ftn-5e6f 
    GET /v2/email/reputation/entities/RESOURCE/arn%3Aaws%3Ases%3Aeu-west-1%3A111122223333%3Atenant%2Fdelta%2Ftn-7 
    PUT /v2/email/reputation/entities/RESOURCE/arn%3Aaws%3Ases%3Aeu-west-1%3A111122223333%3Atenant%2Facme%2Ftn-1a2b/customer-managed-status {"SendingStatus":"DISABLED"}
    PUT /v2/email/reputation/entities/RESOURCE/arn%3Aaws%3Ases%3Aeu-west-1%3A111122223333%3Atenant%2Facme%2Ftn-1a2b/customer-managed-status {"SendingStatus":"ENABLED"}
    "#);
    let stranger = "999988887777/eu-west-1".parse().unwrap();
    assert!(matches!(ses.turn_tenant(&stranger, &acme(), false).await, Err(SwitchFault::Refused(_))));
}
