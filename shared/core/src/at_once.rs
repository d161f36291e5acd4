//! For tests: futures of ports that never wait.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// What the future comes to.
pub(crate) fn at_once<F: Future>(future: F) -> F::Output {
    let (mut future, mut context) = (pin!(future), Context::from_waker(Waker::noop()));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}
