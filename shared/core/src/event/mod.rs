mod signal;
pub use signal::{HashKey, ReceiptId, Signal, SignalKind};
