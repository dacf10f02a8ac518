use std::path::PathBuf;

use rusqlite::Connection;

use super::{APPLICATION, MIGRATIONS, Sqlite};
use crate::model::Event;
use crate::store::{Durability, Store};

/// A folder that goes when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("vsm-sqlite-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn an_older_database_is_brought_up_to_date() {
    let folder = Folder::new("migration");
    let path = folder.0.join("older");
    let older = Connection::open(&path).unwrap();
    older.execute_batch(MIGRATIONS[0]).unwrap();
    older.pragma_update(None, "application_id", APPLICATION).unwrap();
    older.pragma_update(None, "user_version", 1).unwrap();
    drop(older);
    let mut store = Sqlite::open(&path, Durability::Every(2.try_into().unwrap())).unwrap();
    assert_eq!(store.version().unwrap(), MIGRATIONS.len());
    let event = Event::new("t", "1", "2026-03-02T09:00:00Z".parse().unwrap(), "t:item");
    store.append(std::slice::from_ref(&event)).unwrap();
    assert_eq!(store.waiting, 1);
    store.sync().unwrap();
    assert_eq!(store.waiting, 0);
    // The table itself keeps others from changing what was said.
    for sql in ["UPDATE events SET item = 'x'", "DELETE FROM events"] {
        let error = store.connection.execute(sql, []).unwrap_err();
        assert!(error.to_string().contains("append-only"), "{error}");
    }
    assert_eq!(store.seal().unwrap().number, 1);
}

#[test]
fn a_full_disk_takes_an_append_whole_or_not_at_all() {
    let folder = Folder::new("full");
    let event = |n: u64| {
        let mut event = Event::new("t", n.to_string(), "2026-03-02T09:00:00Z".parse().unwrap(), "t:item");
        event.set.description = Some("long ".repeat(500));
        event
    };
    let mut store = Sqlite::open(folder.0.join("record"), Durability::EachAppend).unwrap();
    store.connection.pragma_update(None, "max_page_count", 20).unwrap();
    let mut kept = 0;
    let error = loop {
        match store.append(&[event(kept + 1), event(kept + 2), event(kept + 3)]) {
            Ok(()) => kept += 3,
            Err(error) => break error,
        }
    };
    assert_eq!(error.code(), "storage");
    assert!(error.to_string().contains("full"), "{error}");
    assert_eq!(store.seal().unwrap().number, kept);
    // Somebody makes room, and it goes on where it was.
    store.connection.pragma_update(None, "max_page_count", 2_000).unwrap();
    store.append(&[event(kept + 1)]).unwrap();
    assert_eq!(store.replay(0, &mut |_, _| ()).unwrap().events, kept + 1);
    assert!(store.verify(None).unwrap().is_whole());
}

#[test]
fn what_is_of_another_hand_stays_untouched() {
    let folder = Folder::new("foreign");
    let path = |name: &str| folder.0.join(name);
    let newer = path("newer");
    drop(Sqlite::open(&newer, Durability::ByHost).unwrap());
    Connection::open(&newer).unwrap().pragma_update(None, "user_version", 9).unwrap();
    let foreign = path("foreign");
    Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE mine (x)").unwrap();
    let text = path("text");
    std::fs::write(&text, "no database, and long enough to be looked at as if it were one; ".repeat(10))
        .unwrap();
    for (path, expected) in [
        (newer, "version 9 is that of a newer engine"),
        (foreign, "another program"),
        (text, "not a database"),
    ] {
        let before = std::fs::read(&path).unwrap();
        for error in
            [Sqlite::open(&path, Durability::ByHost).unwrap_err(), Sqlite::open_to_read(&path).unwrap_err()]
        {
            assert_eq!(error.code(), "storage");
            assert!(error.to_string().contains(expected), "{error}");
        }
        assert!(std::fs::read(&path).unwrap() == before);
    }
}

#[test]
fn a_row_with_a_number_that_nobody_gave_it_does_no_harm() {
    let event = |n: u64| Event::new("t", n.to_string(), "2026-03-02T09:00:00Z".parse().unwrap(), "t:item");
    for (name, number) in [("highest", i64::MAX), ("lowest", i64::MIN), ("before", -1)] {
        let folder = Folder::new(name);
        let path = folder.0.join("record");
        let mut store = Sqlite::open(&path, Durability::EachAppend).unwrap();
        store.append(&[event(1), event(2)]).unwrap();
        let sql =
            "INSERT INTO events SELECT ?, source, 'forged', item, event, hash FROM events WHERE number = 2";
        store.connection.execute(sql, [number]).unwrap();
        drop(store);
        let mut store = Sqlite::open(&path, Durability::EachAppend).unwrap();
        let mut read = Vec::new();
        let recovery = store.replay(0, &mut |number, _| read.push(number)).unwrap();
        let is_highest = number == i64::MAX;
        assert_eq!((read, recovery.is_whole()), (vec![1, 2], !is_highest), "{name}: {recovery:?}");
        assert_eq!(recovery.lost > 0, is_highest);
        assert_eq!(store.verify(None).unwrap().faulty > 0, is_highest);
        match store.append(&[event(3)]) {
            Ok(()) => assert_eq!((store.seal().unwrap().number, is_highest), (3, false)),
            Err(error) => assert!(is_highest && error.to_string().contains("no number is left"), "{error}"),
        }
    }
}
