//! The counting function's handler: `cargo bench -p guard-bench --bench batch`.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use guard_bench::batch::{handler, invocations, invoke};

fn batches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ingest");
    for batch in [10, 100, 1_000] {
        let invocation = invocations(1, batch).next().unwrap_or_default();
        group.throughput(Throughput::Elements(batch as u64));
        let handler = handler();
        group.bench_function(format!("{batch} messages"), |bencher| {
            bencher.iter(|| assert_eq!(invoke(&handler, black_box(&invocation)), r#"{"batchItemFailures":[]}"#));
        });
    }
}

criterion_group!(benches, batches);
criterion_main!(benches);
