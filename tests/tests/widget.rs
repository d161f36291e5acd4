//! The dashboard's function when its tables can't be read: a page that says so, in which nothing foreign stands.

use guard_aws::{Clients, DigestedLedger, DynamoDigests, DynamoLedger, DynamoPolicyStore, DynamoRegister, SystemClock};
use guard_core::policy::Deployed;
use guard_core::policy::stored::Policies;
use guard_core::steps::decide::Mode;
use guard_core::steps::watch::Watcher;
use guard_tests::mail::homes;
use guard_tests::wire::Wire;
use guard_widget::handle;
use serde_json::json;

const REFUSED: &str =
    r#"{"__type": "com.amazon.coral.service#AccessDeniedException", "Message": "not authorized <script>"}"#;

#[tokio::test]
async fn a_table_that_can_t_be_read_is_a_page_that_says_so() {
    let wire = Wire::start(|_| (400, REFUSED.to_owned())).await;
    let clients = Clients::local(&wire.url, "eu-west-1");
    let (ledger, digests) = (DynamoLedger::new(&clients, "ledger"), DynamoDigests::new(&clients, "digests"));
    let watcher = Watcher {
        ledger: DigestedLedger::new(ledger, digests, SystemClock),
        register: DynamoRegister::new(&clients, "state"),
        clock: SystemClock,
        policies: Policies::new(Deployed::default(), DynamoPolicyStore::new(&clients, "state")),
        mode: Mode::Enforce,
        homes: homes(""),
    };
    for event in [json!({}), json!({ "set": "111122223333/eu-west-1/promo", "widgetContext": { "theme": "dark" } })] {
        let page = handle(&watcher, "arn:widget", "arn:operate", &event).await;
        assert!(page.contains("role=\"alert\"") && page.contains("could not be read"), "{page}");
        assert!(page.contains("Try again") && page.contains("arn:widget"), "the way back: {page}");
        assert!(!page.contains("<script") && !page.contains("not authorized"), "what AWS said is in the log: {page}");
    }
    assert!(!wire.asked().is_empty());
}
