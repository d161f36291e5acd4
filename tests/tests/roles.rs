//! Who calls whom in which home: the real clients, on the wire and in a local AWS.

use guard_aws::{Clients, CloudWatchAlarms, HomeClients, MemberRole, SesSwitch};
use guard_core::home::Home;
use guard_core::port::{Alarms, SendingSwitch, SwitchFault, chain};
use guard_tests::mail::{REGION, homes};
use guard_tests::wire::{Asked, Wire};

const MEMBER: &str = "444455556666/us-east-1";
const STRANGER: &str = "999988887777/eu-west-1";

fn home(text: &str) -> Home {
    text.parse().unwrap()
}

/// STS gives out keys that say whose role they are of; SES answers that every set sends.
fn aws(asked: &Asked) -> (u16, String) {
    let Some((_, role)) = asked.body.split_once("RoleArn=arn%3Aaws%3Aiam%3A%3A") else {
        return (200, r#"{"SendingOptions": {"SendingEnabled": true}}"#.to_owned());
    };
    let (account, rest) = role.split_once("%3Arole%2F").unwrap();
    let name = rest.split('&').next().unwrap();
    if account == "777766665555" {
        return (403, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>".to_owned());
    }
    let answer = format!(
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>{account}.{name}</AccessKeyId>\
         <SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>\
         <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
    );
    (200, answer)
}

/// What each call was, where it went and who signed it; of STS, what was asked.
fn told(asked: &[Asked]) -> Vec<String> {
    let tell = |one: &Asked| {
        let parameters = one.body.split('&').filter(|part| {
            ["RoleArn", "RoleSessionName", "ExternalId"].iter().any(|name| part.starts_with(&format!("{name}=")))
        });
        let asked: Vec<_> = parameters.collect();
        format!("{} {} {} {}", one.region, one.access_key, one.what, asked.join(" "))
            .trim_end()
            .replace("%3A", ":")
            .replace("%2F", "/")
    };
    asked.iter().map(tell).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ses_is_called_in_each_home_by_its_own_role_and_nowhere_else() {
    let wire = Wire::start(aws).await;
    let own = Clients::local(&wire.url, REGION);
    let listed = homes("444455556666/us-east-1,111122223333/eu-central-1");
    let clients = HomeClients::new(&own, &listed, MemberRole::Switch, "guard-actuate").await;
    let switch = SesSwitch::new(&clients);
    let promo = |text: &str| home(text).set("promo".parse().unwrap());
    for home in ["111122223333/eu-west-1", "444455556666/us-east-1", "111122223333/eu-central-1"] {
        assert!(switch.is_on(&promo(home)).await.unwrap(), "{home}");
        switch.turn(&promo(home), false).await.unwrap();
    }
    insta::assert_snapshot!(told(&wire.asked()).join("\n"), @r"
    eu-west-1 local GET /v2/email/configuration-sets/promo
    eu-west-1 local PUT /v2/email/configuration-sets/promo/sending
    eu-west-1 local POST / RoleArn=arn:aws:iam::444455556666:role/ses-reputation-guard-switch-us-east-1 RoleSessionName=guard-actuate ExternalId=111122223333/eu-west-1
    us-east-1 444455556666.ses-reputation-guard-switch-us-east-1 GET /v2/email/configuration-sets/promo
    us-east-1 444455556666.ses-reputation-guard-switch-us-east-1 PUT /v2/email/configuration-sets/promo/sending
    eu-west-1 local POST / RoleArn=arn:aws:iam::111122223333:role/ses-reputation-guard-switch-eu-central-1 RoleSessionName=guard-actuate ExternalId=111122223333/eu-west-1
    eu-central-1 111122223333.ses-reputation-guard-switch-eu-central-1 GET /v2/email/configuration-sets/promo
    eu-central-1 111122223333.ses-reputation-guard-switch-eu-central-1 PUT /v2/email/configuration-sets/promo/sending
    ");
    for home in [STRANGER, "444455556666/eu-west-1"] {
        let before = wire.asked().len();
        let refused = switch.turn(&promo(home), false).await.unwrap_err();
        assert!(matches!(refused, SwitchFault::Refused(_)), "{refused:?}");
        assert!(chain(&refused).contains(&format!("{home} is not guarded here")), "{}", chain(&refused));
        assert_eq!(wire.asked().len(), before, "and nobody was asked");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cloudwatch_is_asked_in_the_alarm_s_home_by_the_role_that_looks() {
    let wire = Wire::start(aws).await;
    let own = Clients::local(&wire.url, REGION);
    let looking = HomeClients::new(&own, &homes(MEMBER), MemberRole::Look, "guard-alarm").await;
    let alarms = CloudWatchAlarms::new(&looking);
    // What it answers is no answer of CloudWatch's; it is who was asked that matters here.
    drop(alarms.children_in_alarm(&home(MEMBER), "ses-any").await);
    let last = wire.asked().pop().unwrap();
    let look = "444455556666.ses-reputation-guard-look-us-east-1";
    assert_eq!((last.region.as_str(), last.access_key.as_str()), ("us-east-1", look), "{}", last.what);
    let before = wire.asked().len();
    let refused = alarms.describe(&home(STRANGER), &["x".to_owned()]).await.unwrap_err();
    assert!(chain(&refused).contains("999988887777/eu-west-1 is not guarded here"), "{}", chain(&refused));
    assert_eq!(wire.asked().len(), before, "and nobody was asked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_cannot_be_assumed_is_one_homes_trouble() {
    let wire = Wire::start(aws).await;
    let listed = homes("777766665555/eu-west-1,444455556666/us-east-1");
    let own = Clients::local(&wire.url, REGION);
    let switch = SesSwitch::new(&HomeClients::new(&own, &listed, MemberRole::Switch, "guard-actuate").await);
    let broken = home("777766665555/eu-west-1").set("promo".parse().unwrap());
    let refused = switch.turn(&broken, false).await.unwrap_err();
    assert!(matches!(refused, SwitchFault::Refused(_)), "surely not done, so its lease need not end: {refused:?}");
    assert!(chain(&refused).contains("is member.yaml deployed there"), "{}", chain(&refused));
    assert!(wire.asked().iter().all(|asked| !asked.what.contains("configuration-sets")), "{:?}", wire.asked());
    switch.turn(&home(MEMBER).set("promo".parse().unwrap()), false).await.unwrap();
}

/// The real switch as `actuate`, against a local AWS that asks IAM; `tests/demo/homes.py` makes it and looks afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_local_aws_a_set_of_another_account_is_paused_by_its_role() {
    let Ok(member) = std::env::var("GUARD_TEST_MEMBER") else {
        eprintln!("skipped: GUARD_TEST_MEMBER names no other account; `make test` makes one");
        return;
    };
    let own = Clients::of_function().unwrap();
    let listed = homes(&format!("{member},777766665555/eu-west-1"));
    let switch = SesSwitch::new(&HomeClients::new(&own, &listed, MemberRole::Switch, "guard-actuate").await);
    let there = home(&member).set("promo".parse().unwrap());
    switch.turn(&there, false).await.unwrap();
    assert!(!switch.is_on(&there).await.unwrap());
    let nowhere = home("777766665555/eu-west-1").set("promo".parse().unwrap());
    let refused = switch.turn(&nowhere, false).await.unwrap_err();
    assert!(matches!(refused, SwitchFault::Refused(_)), "no member.yaml was deployed there: {refused:?}");
    assert!(matches!(switch.is_on(&home(&member).set("nobody".parse().unwrap())).await, Err(SwitchFault::NotFound)));
}
