//! The record on disk against what a user would write without it, in one run, as ratios.
//!
//! `cargo bench --bench store [-- EVENTS]`; a million events by default. The table goes to `benches/README.md`.

mod clock;
mod trackers;

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant as Clock};

use trackers::trackers;
use vsm_core::{Durability, Event, Journal, Sqlite, Store, StoredStream, ValueStream, event_to_json};

/// The median of three runs.
fn time<T>(run: impl FnMut() -> T) -> Duration {
    clock::median(3, run)
}

fn main() {
    let count: u64 = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(1_000_000);
    let folder = std::env::temp_dir().join(format!("vsm-bench-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let events = trackers(count);
    let row = |what: &str, own: Duration, peer: &str, other: Duration| {
        let rate = count as f64 / own.as_secs_f64() / 1e6;
        let (own, other) = (own.as_secs_f64() * 1e3, other.as_secs_f64() * 1e3);
        println!("| {what} | {own:.0} ms | {rate:.2} M/s | {peer} | {other:.0} ms | {:.2} |", own / other);
    };
    println!("{count} events, one core, median of three runs\n");
    println!("| what | vsm | events | peer | peer's time | vsm / peer |\n|---|---|---|---|---|---|");

    let lines = folder.join("lines");
    let bare_write = time(|| {
        let mut out = BufWriter::new(File::create(&lines).unwrap());
        for event in &events {
            writeln!(out, "{}", event_to_json(event)).unwrap();
        }
        out.flush().unwrap();
    });
    let bare_read = time(|| {
        let lines = BufReader::new(File::open(&lines).unwrap()).lines();
        lines.for_each(|line| drop(black_box(serde_json::from_str::<Event>(&line.unwrap()).unwrap())));
    });
    let peer_write = "BufWriter, a line of JSON each";
    let peer_read = "serde_json, line by line";

    let append = |mut store: Box<dyn Store>, batch: usize, sync: bool| {
        events.chunks(batch).for_each(|part| store.append(part).unwrap());
        if sync {
            store.sync().unwrap();
        }
    };
    let fresh = |name: &str| {
        for file in fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()) {
            if file.file_name().unwrap().to_string_lossy().starts_with(name) {
                fs::remove_file(file).unwrap();
            }
        }
        folder.join(name)
    };
    let journal = folder.join("journal");
    let open = |path: &Path| Box::new(Journal::open(path, Durability::ByHost).unwrap());
    let own = time(|| append(open(&fresh("journal")), 1_000, false));
    row("journal: append in batches of 1,000, no sync", own, peer_write, bare_write);
    let own = time(|| append(open(&fresh("journal")), 1, false));
    row("journal: append one by one, no sync", own, peer_write, bare_write);
    let own = time(|| append(open(&fresh("journal")), 1_000, true));
    row("journal: append in batches of 1,000, one sync", own, peer_write, bare_write);
    let json = fs::metadata(&journal).unwrap().len();
    let replay = |store: &mut dyn Store| {
        let recovery = store.replay(0, &mut |_, event| drop(black_box(event))).unwrap();
        assert_eq!((recovery.events, recovery.is_whole()), (count, true));
    };
    let mut store = open(&journal);
    row("journal: replay", time(|| replay(&mut *store)), peer_read, bare_read);
    row("journal: verify", time(|| assert!(store.verify(None).unwrap().is_whole())), peer_read, bare_read);
    let start = Clock::now();
    store.compact().unwrap();
    row("journal: compact", start.elapsed(), peer_write, bare_write);
    let packed = fs::metadata(&journal).unwrap().len();
    row("compacted journal: replay", time(|| replay(&mut *store)), peer_read, bare_read);
    row(
        "compacted journal: verify",
        time(|| assert!(store.verify(None).unwrap().is_whole())),
        peer_read,
        bare_read,
    );
    drop(store);

    let in_memory = {
        let mut spent = Vec::new();
        for _ in 0..3 {
            let batch = events.clone();
            let start = Clock::now();
            let mut stream = ValueStream::new();
            assert_eq!(stream.apply_batch(batch).refused, []);
            spent.push(start.elapsed());
        }
        spent.sort();
        spent[1]
    };
    let opened = time(|| {
        let (stored, recovery) = StoredStream::open(*open(&journal)).unwrap();
        assert_eq!((recovery.events, recovery.is_whole()), (count, true));
        stored
    });
    row("compacted journal: open a stream", opened, "applying the same events in memory", in_memory);

    let sqlite = |name: &str| Box::new(Sqlite::open(folder.join(name), Durability::ByHost).unwrap());
    let own = time(|| {
        fresh("sqlite");
        append(sqlite("sqlite"), 1_000, false);
    });
    row("SQLite: append in batches of 1,000, no sync", own, peer_write, bare_write);
    let mut store = sqlite("sqlite");
    row("SQLite: replay", time(|| replay(&mut *store)), peer_read, bare_read);
    row("SQLite: verify", time(|| assert!(store.verify(None).unwrap().is_whole())), peer_read, bare_read);
    drop(store);
    let database = fs::metadata(folder.join("sqlite")).unwrap().len();

    let each = |bytes: u64| bytes as f64 / count as f64;
    let bare = fs::metadata(&lines).unwrap().len();
    println!(
        "\nBytes an event: {:.0} as lines, {:.0} in the journal, {:.0} compacted, {:.0} in SQLite",
        each(bare),
        each(json),
        each(packed),
        each(database)
    );
    let some = &events[..200.min(events.len())];
    let safe = |mut store: Box<dyn Store>| {
        let start = Clock::now();
        some.iter().for_each(|event| store.append(std::slice::from_ref(event)).unwrap());
        start.elapsed().as_secs_f64() * 1e6 / some.len() as f64
    };
    println!(
        "An append with its own sync: {:.0} µs in the journal, {:.0} µs in SQLite",
        safe(Box::new(Journal::open(fresh("safe-journal"), Durability::EachAppend).unwrap())),
        safe(Box::new(Sqlite::open(fresh("safe-sqlite"), Durability::EachAppend).unwrap()))
    );
    fs::remove_dir_all(&folder).unwrap();
}
