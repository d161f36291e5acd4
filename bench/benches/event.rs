//! Reading one event of each kind, and folding a batch: `cargo bench -p guard-bench --bench event`.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use guard_bench::mail::{self, Mail};
use guard_bench::reading::{read_and_fold, read_values_and_fold};

fn reading(criterion: &mut Criterion) {
    let (reader, now) = (mail::reader(), mail::now());
    let of = Mail { number: 7, set: 3, millisecond: 1_000 };
    for (what, event) in [("a send", of.send()), ("a bounce", of.bounce(2_000)), ("a complaint", of.complaint(2_000))] {
        let mut group = criterion.benchmark_group("read");
        group.throughput(Throughput::Bytes(event.len() as u64));
        assert!(reader.read(&event, now).is_ok(), "{event}");
        group.bench_function(what, |bencher| bencher.iter(|| reader.read(black_box(&event), now)));
    }
}

fn batches(criterion: &mut Criterion) {
    let (reader, now) = (mail::reader(), mail::now());
    let events = mail::events(1_000);
    let bodies: Vec<&str> = events.iter().map(String::as_str).collect();
    let mut group = criterion.benchmark_group("a batch of 1,000");
    group.throughput(Throughput::Bytes(events.iter().map(|event| event.len() as u64).sum()));
    group.bench_function("read and fold", |bencher| bencher.iter(|| read_and_fold(&reader, black_box(&bodies), now)));
    let key = mail::hash_key();
    assert_eq!(read_and_fold(&reader, &bodies, now), read_values_and_fold(&key, &bodies));
    group
        .bench_function("serde_json::Value", |bencher| bencher.iter(|| read_values_and_fold(&key, black_box(&bodies))));
}

criterion_group!(benches, reading, batches);
criterion_main!(benches);
