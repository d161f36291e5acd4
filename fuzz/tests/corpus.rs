//! Every file of every corpus, and each of the project's own sample events, through its reader: no promise is broken.
//! What a fuzzer finds is put into the corpus and stays there.

use std::path::{Path, PathBuf};

use guard_fuzz::READERS;

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[test]
fn no_known_input_breaks_a_promise() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, read) in READERS {
        let corpus = files(&home.join("corpus").join(name));
        assert!(!corpus.is_empty(), "the corpus of {name} is not where it should be");
        for file in corpus.iter().chain(&files(&home.join("../events"))) {
            read(&std::fs::read(file).unwrap());
        }
    }
}

/// Were a reader quadratic, 32 times the input would take a thousand times as long.
#[test]
fn no_reader_is_quadratic() {
    type Shape = (&'static str, fn(usize) -> String);
    let shapes: [Shape; 8] = [
        ("nested lists", |n| "[".repeat(n)),
        ("nested objects", |n| "{\"a\":".repeat(n)),
        ("nested quotes", |n| "\\\"".repeat(n)),
        ("one long string", |n| format!("{{\"eventType\":\"{}\"}}", "x".repeat(n))),
        ("many keys", |n| format!("{{{}\"z\":1}}", (0..n / 8).map(|i| format!("\"k{i}\":1,")).collect::<String>())),
        ("many records", |n| format!("{{\"Records\":[{}{{}}]}}", "{\"body\":\"{}\"},".repeat(n / 14))),
        ("objects that never end", |n| "{\"a\":1\n".repeat(n / 7)),
        ("many lines", |n| "a = 1\n".repeat(n / 6)),
    ];
    for (name, read) in READERS {
        for (what, shape) in shapes {
            let time = |bytes: usize| {
                let input = shape(bytes).into_bytes();
                let one = || {
                    let began = std::time::Instant::now();
                    read(&input);
                    began.elapsed().as_secs_f64()
                };
                (0..5).map(|_| one()).fold(f64::MAX, f64::min)
            };
            let (short, long) = (time(8_000), time(256_000));
            let growth = long / short.max(1e-5);
            assert!(growth < 300.0, "{name}, {what}: 32 times as much takes {growth:.0} times as long, {long:.3} s");
        }
    }
}
