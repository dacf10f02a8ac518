//! A writer that is killed at any moment: what it was told to be safe is there.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use vsm_core::{Durability, Store, StoredStream};

use crate::store::{Folder, SORTS, Sort, event, read};
use crate::world::Dice;

const FILE: &str = "VSM_TEST_STORE";

/// Not a test by itself: what the child processes of the test below do, until they are killed.
#[test]
fn writer() {
    let Ok(path) = std::env::var(FILE) else { return };
    let sort = if path.ends_with("Journal") { Sort::Journal } else { Sort::Sqlite };
    let mut dice = Dice::new(u64::from(std::process::id()));
    let durability = if dice.one_in(4) { Durability::EachAppend } else { Durability::ByHost };
    let (mut stored, _) = StoredStream::open(sort.open(Path::new(&path), durability).unwrap()).unwrap();
    let mut next = stored.events().count() as u64 + 1;
    loop {
        // A long line takes a moment to write, so that some are caught half-written.
        let batch = (0..1 + dice.below(40) as u64).map(|n| {
            let mut event = event(next + n);
            event.set.description = Some("long ".repeat(if n % 5 == 0 { 4_000 } else { 1 }));
            event
        });
        let report = stored.apply_batch(batch).unwrap();
        next += report.accepted;
        // The parent reads this, so it counts as acknowledged.
        writeln!(std::io::stdout(), "acknowledged {}", next - 1).unwrap();
        if dice.one_in(20) {
            stored.compact().unwrap();
        }
    }
}

#[test]
fn no_acknowledged_event_is_lost() {
    for sort in SORTS {
        let folder = Folder::new();
        let path = folder.file(&format!("{sort:?}"));
        let mut dice = Dice::new(1);
        let (mut torn, mut total) = (0, 0);
        for round in 0..60 {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["store_killed::writer", "--exact", "--nocapture", "--test-threads=1"])
                .env(FILE, &path)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
            let number =
                |line: &str| line.rsplit_once("acknowledged ").and_then(|(_, n)| n.parse::<u64>().ok());
            let first = lines.by_ref().find_map(|line| number(&line)).expect("the writer wrote something");
            std::thread::sleep(Duration::from_micros(dice.below(20_000) as u64));
            child.kill().unwrap();
            child.wait().unwrap();
            let acknowledged = lines.filter_map(|line| number(&line)).last().unwrap_or(first);
            let mut store = sort.open(&path, Durability::ByHost).unwrap();
            let (found, recovery) = read(&mut store).unwrap();
            torn += u64::from(recovery.torn_bytes > 0);
            assert!(recovery.is_whole(), "{sort:?} round {round}: {recovery:?}");
            assert!(found.len() as u64 >= acknowledged, "{} of {acknowledged}", found.len());
            for (expected, (number, event)) in (1..).zip(&found) {
                assert_eq!((*number, event.id.as_str()), (expected, expected.to_string().as_str()));
            }
            assert!(store.verify(None).unwrap().is_whole());
            total = found.len();
            if total > 300 {
                drop(store);
                std::fs::remove_file(&path).unwrap();
                for side in ["-wal", "-shm"] {
                    let _ = std::fs::remove_file(folder.file(&format!("{sort:?}{side}")));
                }
            }
        }
        println!("{sort:?}: 60 writers killed, {torn} torn tails, {total} events at the end");
    }
}
