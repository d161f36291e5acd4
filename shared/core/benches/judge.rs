//! How long one evaluation takes: 672 buckets, a week, of both metrics. The target is 5 µs.
//!
//! `cargo bench -p guard-core --bench judge`

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use guard_core::judge::{BucketCount, judge};
use guard_core::policy::Policy;
use guard_core::time::{BUCKET_SECONDS, Bucket};

const NOW: i64 = 1_795_176_000;

/// A week of a set that sends all the time, with the failures of `failing` in 1,000 mails.
fn week(failing: u64) -> Vec<BucketCount> {
    let now = NOW / BUCKET_SECONDS * BUCKET_SECONDS;
    let bucket = |back: i64| Bucket::starting_at(now - back * BUCKET_SECONDS);
    let count = |(number, bucket): (u64, Bucket)| {
        let sends = 500 + number % 7 * 100;
        BucketCount { bucket, sends, bounces: sends * failing / 1_000, complaints: number % 3 / 2 }
    };
    (0..).zip((0..672).rev().filter_map(bucket)).map(count).collect()
}

fn judging(criterion: &mut Criterion) {
    let policy = Policy::default();
    let now = Bucket::starting_at(NOW / BUCKET_SECONDS * BUCKET_SECONDS);
    for (what, failing) in [("a healthy week", 8), ("a week at the line", 50), ("a bad week", 150)] {
        let counts = week(failing);
        criterion.bench_function(what, |bencher| {
            bencher.iter(|| now.map(|now| judge(&policy, black_box(&counts), now, None)));
        });
    }
}

criterion_group!(benches, judging);
criterion_main!(benches);
