//! Why nothing was done, and what to do about it from a terminal.

use guard_core::name::ConfigurationSetName;
use serde_json::Value;

/// In one line. The codes are those of `ErrorCode`; of one that this program does not know the message is all there is.
pub(crate) fn refusal(answer: &Value, set: Option<&ConfigurationSetName>) -> String {
    let text = |pointer| answer.pointer(pointer).and_then(Value::as_str);
    let message = text("/error/message").unwrap_or("refused without a reason").trim_end_matches('.');
    let set = set.map_or("SET", ConfigurationSetName::as_str);
    let order = |action: &str| format!("ses-guard {action} {set} --reason … --actor …");
    let next = match text("/error/code").unwrap_or_default() {
        "unknownConfigurationSet" => {
            "see: ses-guard list; another home: --home; another guard: --stack, --region".to_owned()
        }
        "notPaused" | "alreadyResuming" | "notHeld" => format!("see: ses-guard status {set}"),
        "notPausedByGuard" => format!("that is: {} --force", order("resume")),
        "alreadyPaused" => format!("to let it send again: {}", order("resume")),
        "alreadyHeld" => format!("to take that back: {}", order("release")),
        "unknownAction" | "invalidRequest" => "is the deployed guard older than this program?".to_owned(),
        _ => return message.to_owned(),
    };
    format!("{message}. {}{}", next.get(..1).unwrap_or_default().to_uppercase(), next.get(1..).unwrap_or_default())
}
