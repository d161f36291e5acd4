//! What `ses-guard doctor --canary` makes of SES's answers to its mail.

use guard_aws::{Canary, Clients, Mailed};
use guard_tests::wire::Wire;
use serde_json::{Value, json};

const SET: &str = "guard-canary";

async fn mailed(status: u16, answer: Value) -> (Mailed, Value) {
    let wire = Wire::start(move |_| (status, answer.to_string())).await;
    let mailed = Canary::new(&Clients::local(&wire.url, "eu-west-1")).mail(SET, "ops@example.com", 7).await;
    let asked = wire.asked().first().cloned().unwrap();
    assert_eq!(asked.what, "POST /v2/email/outbound-emails");
    (mailed, serde_json::from_str(&asked.body).unwrap())
}

#[tokio::test]
async fn the_canary_s_mail_goes_to_the_simulator_and_to_nobody_else() {
    let (mailed, asked) = mailed(200, json!({"MessageId": "m-1"})).await;
    assert_eq!(mailed, Mailed::Accepted);
    assert_eq!(asked["Destination"], json!({"ToAddresses": ["bounce+7@simulator.amazonses.com"]}));
    assert_eq!((&asked["FromEmailAddress"], &asked["ConfigurationSetName"]), (&json!("ops@example.com"), &json!(SET)));
}

#[tokio::test]
async fn a_pause_is_told_from_every_other_refusal() {
    let paused = json!({"__type": "SendingPausedException", "message": format!("Sending is paused for configuration set {SET}")});
    assert_eq!(mailed(400, paused).await.0, Mailed::Paused);
    let unverified = "Email address is not verified. The following identities failed the check";
    for (status, code, message) in [
        (400, "MessageRejected", unverified),
        (403, "AccessDeniedException", "not authorized to perform `ses:SendEmail'"),
        (404, "NotFoundException", "Configuration set <guard-canary> does not exist."),
        (400, "AccountSuspendedException", "suspended"),
    ] {
        match mailed(status, json!({"__type": code, "message": message})).await.0 {
            Mailed::Refused(why) => assert!(why.starts_with("ses:SendEmail: ") && why.contains(message), "{why}"),
            other @ (Mailed::Accepted | Mailed::Paused) => panic!("{code}: {other:?}"),
        }
    }
}
