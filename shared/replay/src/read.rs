//! Reading: one thread decompresses and cuts, the others read the blocks, and what they find is added up in the order of
//! the blocks: of a failure that comes twice with different times the first counts, in every run.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::{io, thread};

use guard_core::event::Reader;
use jiff::Timestamp;

use crate::archive::{Archive, Collector};
use crate::cut::{Block, cut};
use crate::forms::Forms;
use crate::input::Input;
use crate::intake::{Malformed, Spot};
use crate::sink::Sink;

/// Blocks that wait to be read, for each thread.
const WAITING: usize = 2;

/// How to read.
#[derive(Debug)]
pub struct Options {
    /// Reads the records; [`Reader::of_archive`].
    pub reader: Reader,
    /// The present: what was sent after it cannot be.
    pub now: Timestamp,
    /// Stop at the first record that cannot be read.
    pub strict: bool,
    /// How many threads read.
    pub threads: usize,
    /// How many moments are kept in all, 8 to 16 bytes each, before time is looked at more coarsely.
    pub most_cells: usize,
}

impl Options {
    /// Everything as usual.
    pub fn new(reader: Reader, now: Timestamp) -> Self {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        Self { reader, now, strict: false, threads, most_cells: 20_000_000 }
    }
}

/// Why there is nothing to replay.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// A record cannot be read, and that was not to be tolerated.
    #[error("{}:{}: {} (byte {})", .0.first.first().map_or("?", |at| &at.file), .0.first.first().map_or(0, |at| at.line), .0.kind, .0.first.first().map_or(0, |at| at.byte))]
    Malformed(Malformed),
    /// The first thing that has to be there is not.
    #[error("nothing to read: no file was given, or the folders are empty")]
    NoInput,
}

/// Reads everything. `progress` is told, now and then, how many more bytes were read as they are stored.
pub fn read(inputs: &[Input], options: &Options, progress: &(dyn Fn(u64) + Sync)) -> Result<Archive, Stopped> {
    if inputs.is_empty() {
        return Err(Stopped::NoInput);
    }
    let threads = options.threads.max(1);
    let collector = Mutex::new(InOrder::new(Collector::new(options.now, options.most_cells)));
    let stop = AtomicBool::new(false);
    let (sender, receiver) = sync_channel(threads * WAITING);
    let receiver = Mutex::new(receiver);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| read_blocks(&receiver, options, &collector, &stop));
        }
        cut_all(inputs, progress, &sender, &collector, &stop);
        drop(sender);
    });
    let names: Vec<String> = inputs.iter().map(Input::name).collect();
    let mut archive = collector.into_inner().unwrap_or_else(PoisonError::into_inner).collector.finish(&names);
    if options.strict && !archive.intake.malformed.is_empty() {
        archive.intake.malformed.sort_by(|one, other| one.first.cmp(&other.first));
        return Err(Stopped::Malformed(archive.intake.malformed.swap_remove(0)));
    }
    Ok(archive)
}

/// What was read of a block waits until all blocks before it are counted.
struct InOrder {
    collector: Collector,
    next: u64,
    waiting: BTreeMap<u64, Sink>,
}

impl InOrder {
    fn new(collector: Collector) -> Self {
        Self { collector, next: 0, waiting: BTreeMap::new() }
    }

    fn absorb(&mut self, number: u64, sink: Sink) {
        self.waiting.insert(number, sink);
        while let Some(sink) = self.waiting.remove(&self.next) {
            self.collector.absorb(sink);
            self.next += 1;
        }
    }
}

fn cut_all(
    inputs: &[Input],
    progress: &(dyn Fn(u64) + Sync),
    blocks: &SyncSender<(u64, Block)>,
    collector: &Mutex<InOrder>,
    stop: &AtomicBool,
) {
    let mut number = 0;
    for (index, input) in inputs.iter().enumerate() {
        let (mut byte, mut line) = (0, 1);
        let cut = input.open(progress).and_then(|mut reader| {
            cut(index, &mut *reader, |block| {
                byte = block.byte + block.text.len() as u64;
                line = block.line + memchr::memchr_iter(b'\n', &block.text).count() as u64;
                let sent = !stop.load(Ordering::Relaxed) && blocks.send((number, block)).is_ok();
                number += 1;
                sent
            })
        });
        if let Err(error) = cut {
            let damaged = [io::ErrorKind::InvalidInput, io::ErrorKind::InvalidData, io::ErrorKind::UnexpectedEof];
            let kind = if damaged.contains(&error.kind()) {
                "compressed data is damaged or cut off; what came before is counted".to_owned()
            } else {
                format!("input cannot be read: {error}")
            };
            locked(collector).collector.reject(kind, Spot { input: index, byte, line });
        }
        if stop.load(Ordering::Relaxed) {
            break;
        }
    }
}

fn read_blocks(
    blocks: &Mutex<Receiver<(u64, Block)>>,
    options: &Options,
    collector: &Mutex<InOrder>,
    stop: &AtomicBool,
) {
    let forms = Forms { reader: &options.reader, now: options.now };
    loop {
        let received = locked(blocks).recv();
        let Ok((number, block)) = received else { return };
        let mut sink = Sink::default();
        forms.read(&block, &mut sink);
        let mut collector = locked(collector);
        collector.absorb(number, sink);
        if options.strict && collector.collector.has_malformed() {
            stop.store(true, Ordering::Relaxed);
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
