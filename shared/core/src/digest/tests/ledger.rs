//! What is asked of the buckets, the notes and the digests, and when.

use std::sync::Mutex;

use futures::FutureExt;

use super::*;

/// Buckets, notes, digests and a clock in one, which write down what they are asked.
struct Recorded {
    now: Timestamp,
    buckets: Vec<BucketTally>,
    notes_fail: bool,
    begun: Option<Timestamp>,
    asked: Mutex<Vec<String>>,
}

impl Recorded {
    fn at(now: Timestamp) -> Arc<Self> {
        Self::holding(Vec::new(), now)
    }

    fn holding(buckets: Vec<BucketTally>, now: Timestamp) -> Arc<Self> {
        let begun = Some(Timestamp::UNIX_EPOCH);
        Arc::new(Self { now, buckets, notes_fail: false, begun, asked: Mutex::default() })
    }

    fn ask(&self, what: impl Into<String>) {
        self.asked.lock().unwrap().push(what.into());
    }

    fn asked(&self) -> String {
        self.asked.lock().unwrap().drain(..).collect::<Vec<_>>().join(", ")
    }
}

fn number(of: Bucket) -> i64 {
    (of.start_second() - NOON) / 900
}

impl Clock for Arc<Recorded> {
    fn now(&self) -> Timestamp {
        self.now
    }

    async fn sleep(&self, _: u64) {}
}

impl Ledger for Arc<Recorded> {
    async fn add(&self, addition: &Addition) -> Result<Held, Fault> {
        self.ask("add");
        Ok(Held::nothing(addition.bucket))
    }

    async fn window(&self, _: &SetKey, from: Bucket, to: Bucket) -> Result<Vec<BucketTally>, Fault> {
        self.ask(format!("read {}..={}", number(from), number(to)));
        Ok(self.buckets.iter().filter(|one| (from..=to).contains(&one.bucket)).cloned().collect())
    }
}

impl Digests for Arc<Recorded> {
    async fn note(&self, _: &SetKey, held: &BucketTally) -> Result<(), Fault> {
        self.ask(format!("note {}", number(held.bucket)));
        let fault = || Fault { operation: "note", subject: "a".into(), landed: Landed::No, source: "throttled".into() };
        if self.notes_fail { Err(fault()) } else { Ok(()) }
    }

    async fn known(&self, _: &SetKey, _: Sheet, _: Sheet) -> Result<Known, Fault> {
        self.ask("known");
        Ok(Known::default())
    }

    async fn keep(&self, _: &SetKey, digest: &Digest) -> Result<(), Fault> {
        self.ask(format!("keep {}", number(digest.sheet.first())));
        Ok(())
    }

    async fn begin(&self, _: Timestamp) -> Result<(), Fault> {
        self.ask("begin");
        Ok(())
    }

    async fn begun(&self) -> Result<Option<Timestamp>, Fault> {
        self.ask("begun");
        Ok(self.begun)
    }
}

type Ports = (Arc<Recorded>, Arc<Recorded>, Arc<Recorded>);

fn ports(recorded: &Arc<Recorded>) -> Ports {
    (recorded.clone(), recorded.clone(), recorded.clone())
}

fn set() -> SetKey {
    "111122223333/eu-west-1/tenant-a".parse().unwrap()
}

fn new(recorded: &Arc<Recorded>) -> Digested<Arc<Recorded>, Arc<Recorded>, Arc<Recorded>> {
    let (ledger, digests, clock) = ports(recorded);
    Digested::new(ledger, digests, clock)
}

#[test]
fn a_process_says_once_that_it_notes_what_comes_late_and_then_notes_it() {
    let sooner = Ages { noted: 60, ..Ages::DEPLOYED };
    for (what, ages, seconds, asked) in [
        ("in time", None, 3_599, "begin, add, add"),
        ("late", None, 3_600, "begin, add, note 0, add, note 0"),
        ("in time by other figures", Some(sooner), 59, "begin, add, add"),
        ("late by other figures", Some(sooner), 60, "begin, add, note 0, add, note 0"),
    ] {
        let recorded = Recorded::at(plus_seconds(bucket(0).end(), seconds));
        let ledger = ages.map_or_else(|| new(&recorded), |ages| new(&recorded).with(ages, None));
        for _ in 0..2 {
            ledger.add(&Addition::empty(set(), bucket(0))).now_or_never().unwrap().unwrap();
        }
        assert_eq!(recorded.asked(), asked, "{what}");
    }
}

#[test]
fn an_addition_without_its_note_has_perhaps_landed() {
    let mut recorded = Recorded::at(plus_seconds(bucket(0).end(), 3_600));
    Arc::get_mut(&mut recorded).unwrap().notes_fail = true;
    let fault = new(&recorded).add(&Addition::empty(set(), bucket(0))).now_or_never().unwrap().unwrap_err();
    assert_eq!(fault.landed, Landed::Perhaps, "the bucket has it: whoever adds again adds suspects");
    assert_eq!(fault.operation, "note");
}

#[test]
fn a_window_has_both_its_ends() {
    let held: Vec<BucketTally> = (0..3).map(|number| exact(bucket(number), 5)).collect();
    for (from, to, asked, found) in
        [(1, 2, "known, read 1..=2", &held[1..]), (1, 1, "known, read 1..=1", &held[1..2]), (1, 0, "", &[])]
    {
        let recorded = Recorded::holding(held.clone(), bucket(3).start());
        assert_eq!(
            new(&recorded).window(&set(), bucket(from), bucket(to)).now_or_never().unwrap().unwrap(),
            found,
            "{from}..={to}"
        );
        assert_eq!(recorded.asked(), asked, "{from}..={to}");
    }
}

#[test]
fn only_who_is_to_keep_digests_writes_them_once_all_who_add_note() {
    let held: Vec<BucketTally> = (0..24).map(|number| exact(bucket(number), 64)).collect();
    let now = bucket(48).start();
    let notes_began = |seconds_ago: i64| Some(plus_seconds(now, -seconds_ago));
    let read = "known, read 0..=23";
    for (what, keeps, begun, asked) in [
        ("who only reads", false, notes_began(1_800), read.to_owned()),
        ("who keeps", true, notes_began(1_800), format!("{read}, begun, keep 0")),
        ("some may not note yet", true, notes_began(1_799), format!("{read}, begun")),
        ("nobody notes", true, None, format!("{read}, begun")),
    ] {
        let mut recorded = Recorded::holding(held.clone(), now);
        Arc::get_mut(&mut recorded).unwrap().begun = begun;
        let (ledger, digests, clock) = ports(&recorded);
        let ledger = if keeps { Digested::keeping(ledger, digests, clock) } else { new(&recorded) };
        assert_eq!(ledger.window(&set(), bucket(0), bucket(23)).now_or_never().unwrap().unwrap(), held, "{what}");
        assert_eq!(recorded.asked(), asked, "{what}");
    }
}

#[test]
fn a_digest_is_kept_by_the_figures_that_were_given() {
    let held: Vec<BucketTally> = (0..24).map(|number| exact(bucket(number), 64)).collect();
    let read = "known, read 0..=23";
    for (keeping, asked) in [
        (None, read.to_owned()),
        (Some(Keeping { above_bytes: 100_000 }), read.to_owned()),
        (Some(Keeping::DEPLOYED), format!("{read}, begun, keep 0")),
    ] {
        let recorded = Recorded::holding(held.clone(), bucket(48).start());
        let ledger = new(&recorded).with(Ages::DEPLOYED, keeping);
        assert_eq!(ledger.window(&set(), bucket(0), bucket(23)).now_or_never().unwrap().unwrap(), held);
        assert_eq!(recorded.asked(), asked, "{keeping:?}");
    }
}
