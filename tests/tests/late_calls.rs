//! A call to SES that is done and not answered, or lands 40 seconds late, with an order in between: in the end SES is as
//! it was ordered last, and the guard's own act is never taken for another's.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use guard_core::event::SignalKind::{Bounce, Send};
use guard_core::name::SetKey;
use guard_core::port::{Clock, SendingSwitch, SwitchFault, Tenants};
use guard_core::state::Phase;
use guard_core::steps::act::Actuator;
use guard_core::time::plus_seconds;
use guard_local::{ManualClock, SimulatedSes};
use guard_tests::crash::Fuse;
use guard_tests::guard::{Guard, receipt};
use guard_tests::story::{guard, order};
use jiff::Timestamp;

/// How a call that nobody answers ends.
#[derive(Debug, Clone, Copy)]
enum Fate {
    /// It is done at once.
    Done,
    /// It is done so many seconds later.
    Late(i64),
}

/// A call that is under way: when it lands, whose set, and what it turns it to.
type Flying = (Timestamp, SetKey, bool);

/// SES, some of whose answers are lost.
#[derive(Debug, Clone)]
struct Slow {
    ses: SimulatedSes,
    clock: ManualClock,
    fates: Arc<Mutex<VecDeque<Fate>>>,
    flying: Arc<Mutex<Vec<Flying>>>,
}

impl Slow {
    fn of(guard: &Guard, fates: &[Fate]) -> Self {
        let fates = Arc::new(Mutex::new(fates.iter().copied().collect()));
        Self { ses: guard.ses.clone(), clock: guard.clock.clone(), fates, flying: Arc::default() }
    }

    /// What is due by now lands.
    fn land(&self) {
        let now = self.clock.now();
        self.flying.lock().unwrap().retain(|(at, set, on)| {
            let due = *at <= now;
            if due {
                self.ses.toggle(set, *on);
            }
            !due
        });
    }
}

impl Tenants for Slow {}

impl SendingSwitch for Slow {
    async fn is_on(&self, set: &SetKey) -> Result<bool, SwitchFault> {
        self.land();
        self.ses.is_on(set).await
    }

    async fn turn(&self, set: &SetKey, on: bool) -> Result<(), SwitchFault> {
        self.land();
        let fate = self.fates.lock().unwrap().pop_front();
        let after = match fate {
            None => return self.ses.turn(set, on).await,
            Some(Fate::Done) => 0,
            Some(Fate::Late(seconds)) => seconds,
        };
        self.flying.lock().unwrap().push((plus_seconds(self.clock.now(), after), set.clone(), on));
        // The caller waits for an answer for five seconds, and tries within fifteen.
        self.clock.advance(15);
        self.land();
        Err(SwitchFault::Unknown("no answer".into()))
    }
}

/// The actuator runs for so many seconds at most, and sees SES through `slow`.
async fn act(guard: &Guard, slow: &Slow, promo: &SetKey, me: &str, seconds: i64) {
    let (register, notices) = (guard.register.clone(), guard.notices.clone());
    let actuator = Actuator::new(register, slow.clone(), notices, guard.clock.clone());
    actuator.drain(&[promo.clone()].into(), me, plus_seconds(guard.clock.now(), seconds)).await;
    guard.register.take_stream();
}

/// Until nothing is pending, and then sweeps for half an hour, with SES as it is.
async fn rest(guard: &mut Guard, slow: &Slow, promo: &SetKey) {
    for attempt in 0..20 {
        act(guard, slow, promo, &format!("rest-{attempt}"), 90).await;
        guard.clock.advance(1);
    }
    for _ in 0..30 {
        slow.land();
        guard.sweep().await;
        guard.clock.advance(60);
    }
}

#[tokio::test]
async fn whatever_becomes_of_a_call_ses_ends_as_it_was_ordered_last() {
    let mut stories = 0;
    for fates in [
        vec![Fate::Done],
        vec![Fate::Late(40)],
        vec![Fate::Late(44)],
        vec![Fate::Done, Fate::Done],
        vec![Fate::Late(40), Fate::Late(40)],
        vec![Fate::Done, Fate::Late(40), Fate::Done, Fate::Late(20)],
    ] {
        for orders in [&["resume"][..], &["resume", "pause"], &["resume", "pause", "resume"]] {
            for waits in [0, 1, 14, 24, 26, 41, 46, 61, 90, 600] {
                let (mut guard, promo, now) = guard();
                let what = format!("{fates:?}, {orders:?} {waits} s apart");
                for (kind, mails) in [(Send, 0..100), (Bounce, 0..50)] {
                    let batch: Vec<_> = mails.map(|mail| receipt("promo", kind, mail, now)).collect();
                    guard.count(&batch, &Fuse::endless()).await.unwrap();
                }
                guard.judge(&promo, &Fuse::endless()).await.unwrap().unwrap();
                let slow = Slow::of(&guard, &fates);
                act(&guard, &slow, &promo, "first", 3).await;
                let mut refused = 0;
                for (number, ordered) in orders.iter().enumerate() {
                    guard.clock.advance(waits);
                    slow.land();
                    let answer = operate(&guard, &slow, ordered).await;
                    refused += usize::from(answer["ok"] != true);
                    act(&guard, &slow, &promo, &format!("after-{number}"), 3).await;
                }
                assert_eq!(refused, 0, "{what}");
                rest(&mut guard, &slow, &promo).await;
                let state = guard.state(&promo).await;
                let last = orders.last() == Some(&"resume");
                assert_eq!(guard.ses.accepts(&promo), last, "{what}: {state:?}");
                assert_eq!(state.wants_sending(), last, "{what}: {state:?}");
                assert!(state.pending.is_none() && state.lease.is_none(), "{what}: {state:?}");
                assert_ne!(state.phase, Phase::External, "{what}");
                let others = ["found disabled", "found enabled", "found sending", "pausing again"];
                for notice in guard.notices.all() {
                    assert!(!others.iter().any(|word| notice.subject.contains(word)), "{what}: {}", notice.subject);
                }
                stories += 1;
            }
        }
    }
    println!("{stories} stories");
}

/// An order, given to an operate function that sees SES through `slow`, without anybody being woken by it.
async fn operate(guard: &Guard, slow: &Slow, action: &str) -> serde_json::Value {
    use guard_core::account::AccountStop;
    use guard_core::policy::Deployed;
    use guard_core::policy::stored::Policies;
    use guard_core::steps::decide::Mode;
    use guard_core::steps::operate::{Operator, Request};
    let operator = Operator {
        ledger: guard.ledger.clone(),
        register: guard.register.clone(),
        switch: slow.clone(),
        clock: guard.clock.clone(),
        policies: Policies::new(Deployed::default(), guard.policies.clone()),
        mode: Mode::Enforce,
        account_stop: AccountStop::Forbidden,
        homes: guard.homes.clone(),
        ear: guard_tests::guard::ear(),
    };
    let Ok(request) = Request::parse(order(action)) else { unreachable!("the order is well-formed") };
    let answer = operator.operate(request).await.to_json();
    guard.register.take_stream();
    answer
}
