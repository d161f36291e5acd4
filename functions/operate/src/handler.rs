use guard_core::policy::stored::PolicyStore;
use guard_core::port::{Clock, Ledger, Register, SendingSwitch};
use guard_core::steps::operate::{Answer, Operator, Request};
use serde_json::Value;
use tracing::{info, warn};

use crate::dashboard;

/// Answers one request; what is wrong with it is an answer too. Of a dashboard it is the same request, in CloudWatch's form,
/// and its answer is HTML.
pub async fn handle<L: Ledger, R: Register, S: SendingSwitch, C: Clock, P: PolicyStore>(
    operator: &Operator<L, R, S, C, P>,
    event: Value,
) -> Value {
    if guard_page::is_from_dashboard(&event) {
        return dashboard::shown(&answer(operator, dashboard::request(&event)).await, &event);
    }
    answer(operator, event).await.to_json()
}

async fn answer<L: Ledger, R: Register, S: SendingSwitch, C: Clock, P: PolicyStore>(
    operator: &Operator<L, R, S, C, P>,
    request: Value,
) -> Answer {
    let answer = match Request::parse(request) {
        Ok(request) => {
            let action = request.action.as_str();
            // Boxed: with the AWS clients in it, the future is nested deeper than the compiler looks by default.
            let answer = Box::pin(operator.operate(request)).await;
            match &answer {
                Answer::Set(_) | Answer::Other(_) => info!(action, "did what an operator asked"),
                Answer::Refused(_) => {}
            }
            answer
        }
        Err(refusal) => Answer::refused(refusal),
    };
    if let Answer::Refused(refused) = &answer {
        warn!(code = ?refused.code(), "refused what an operator asked");
    }
    answer
}
