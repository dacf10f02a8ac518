//! A disk that is full, as the system itself says so: what was acknowledged is there, and it goes on when there is room.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use vsm_core::{Durability, Store};

use crate::store::{Folder, SORTS, Sort, event, read};

const FILE: &str = "VSM_TEST_FULL";

/// Not a test by itself: what the child processes of the test below do, in which no file may grow beyond its limit.
#[test]
fn writer() {
    let Ok(path) = std::env::var(FILE) else { return };
    let sort = if path.ends_with("Journal") { Sort::Journal } else { Sort::Sqlite };
    let mut store = sort.open(Path::new(&path), Durability::EachAppend).unwrap();
    let mut kept = 0;
    let error = loop {
        let events: Vec<_> = (1..=5).map(|n| event(kept + n)).collect();
        match store.append(&events) {
            Ok(()) => kept += 5,
            Err(error) => break error,
        }
    };
    assert_eq!(error.code(), "storage", "{error}");
    // Whether a compaction finds room or not, nothing is lost by it.
    let _ = store.compact();
    let (found, recovery) = read(&mut store).unwrap();
    assert_eq!((found.len() as u64, recovery.is_whole()), (kept, true), "{recovery:?}");
    writeln!(std::io::stdout(), "kept {kept} after: {error}").unwrap();
}

#[test]
#[cfg(unix)]
fn a_full_disk_costs_nothing_that_was_acknowledged() {
    for sort in SORTS {
        let folder = Folder::new();
        let path = folder.file(&format!("{sort:?}"));
        // A file that may not grow fails in the middle of a write, as one on a full disk does, without anybody's rights.
        let output = Command::new("sh")
            .args(["-c", "trap '' XFSZ; ulimit -f 200; exec \"$0\" \"$@\""])
            .arg(std::env::current_exe().unwrap())
            .args(["store_full::writer", "--exact", "--nocapture", "--test-threads=1"])
            .env(FILE, &path)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text} {}", String::from_utf8_lossy(&output.stderr));
        let kept = text.lines().find_map(|line| line.rsplit_once("kept ")?.1.split(' ').next()?.parse().ok());
        let kept: u64 = kept.expect("the writer said how many it was told to be safe");
        assert!(kept > 20, "{kept}");
        let mut store = sort.open(&path, Durability::ByHost).unwrap();
        let (found, recovery) = read(&mut store).unwrap();
        assert!(recovery.is_whole() && found.len() as u64 == kept, "{} of {kept}, {recovery:?}", found.len());
        store.append(&[event(kept + 1)]).unwrap();
        assert!(store.verify(None).unwrap().is_whole());
        assert_eq!(read(&mut store).unwrap().0.len() as u64, kept + 1);
    }
}
