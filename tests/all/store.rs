//! The record on disk, both stores by the same tests: what is kept, who may open it, and what an auditor sees.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;
use vsm_core::{
    Audit, Durability, Event, Journal, Recovery, Result, Seal, Sqlite, Store, StoredStream, ValueStream,
};

use crate::world::{World, at};

/// A folder that goes when the test ends.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Folder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("vsm-store-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sort {
    Journal,
    Sqlite,
}

pub const SORTS: [Sort; 2] = [Sort::Journal, Sort::Sqlite];

/// Either store, so that a test is written once.
pub enum Either {
    Journal(Journal),
    Sqlite(Sqlite),
}

impl Sort {
    pub fn open(self, path: &Path, durability: Durability) -> Result<Either> {
        Ok(match self {
            Sort::Journal => Either::Journal(Journal::open(path, durability)?),
            Sort::Sqlite => Either::Sqlite(Sqlite::open(path, durability)?),
        })
    }

    pub fn open_to_read(self, path: &Path) -> Result<Either> {
        Ok(match self {
            Sort::Journal => Either::Journal(Journal::open_to_read(path)?),
            Sort::Sqlite => Either::Sqlite(Sqlite::open_to_read(path)?),
        })
    }
}

impl Either {
    fn inner(&mut self) -> &mut dyn Store {
        match self {
            Either::Journal(store) => store,
            Either::Sqlite(store) => store,
        }
    }
}

impl Store for Either {
    fn append(&mut self, events: &[Event]) -> Result<()> {
        self.inner().append(events)
    }
    fn sync(&mut self) -> Result<()> {
        self.inner().sync()
    }
    fn replay(&mut self, after: u64, each: &mut dyn FnMut(u64, Event)) -> Result<Recovery> {
        self.inner().replay(after, each)
    }
    fn load(&mut self, stream: &mut ValueStream, number: &mut u64) -> Result<Recovery> {
        self.inner().load(stream, number)
    }
    fn verify(&mut self, noted: Option<&Seal>) -> Result<Audit> {
        self.inner().verify(noted)
    }
    fn compact(&mut self) -> Result<()> {
        self.inner().compact()
    }
    fn seal(&mut self) -> Result<Seal> {
        self.inner().seal()
    }
}

/// Events of a store with their numbers, and what was found on the way.
pub fn read(store: &mut impl Store) -> Result<(Vec<(u64, Event)>, Recovery)> {
    let mut events = Vec::new();
    let recovery = store.replay(0, &mut |number, event| events.push((number, event)))?;
    Ok((events, recovery))
}

pub fn event(n: u64) -> Event {
    let mut event = Event::new("t", n.to_string(), at(n as usize), format!("t:{}", n % 7));
    event.set.title = Some(format!("Title {n}"));
    event
}

#[test]
fn a_stream_goes_on_where_it_ended() {
    for sort in SORTS {
        let folder = Folder::new();
        let path = folder.file("record");
        let events = World::new(5).events;
        let whole = {
            let mut stream = ValueStream::new();
            stream.apply_batch(events.clone());
            stream.to_snapshot()
        };
        let mut seals = Vec::new();
        for (round, part) in events.chunks(20).enumerate() {
            let (mut stored, recovery) =
                StoredStream::open(sort.open(&path, Durability::EachAppend).unwrap()).unwrap();
            assert!(recovery.is_whole() && recovery.torn_bytes == 0, "{recovery:?}");
            assert_eq!(recovery.events, (round * 20) as u64);
            // What was applied the last time comes again, as an export does.
            let again = events[round.saturating_sub(1) * 20..round * 20].iter().cloned();
            let report = stored.apply_batch(again.chain(part.iter().cloned())).unwrap();
            assert_eq!(report.accepted, part.len() as u64);
            if round % 2 == 1 {
                stored.compact().unwrap();
            }
            seals.push(stored.seal().unwrap());
        }
        let (mut stored, _) = StoredStream::open(sort.open(&path, Durability::ByHost).unwrap()).unwrap();
        assert_eq!(stored.to_snapshot(), whole, "{sort:?}");
        for seal in &seals {
            let audit = stored.verify(Some(seal)).unwrap();
            assert!(audit.is_whole(), "{audit:?}");
            assert_eq!((audit.events, &audit.seal), (events.len() as u64, seals.last().unwrap()));
        }
    }
}

#[test]
fn both_stores_have_the_same_seal() {
    let folder = Folder::new();
    let seal = |sort: Sort, name: &str, batch: usize, compact: bool| {
        let mut store = sort.open(&folder.file(name), Durability::ByHost).unwrap();
        for events in World::new(9).events.chunks(batch) {
            store.append(events).unwrap();
        }
        if compact {
            store.compact().unwrap();
        }
        store.append(&[event(1)]).unwrap();
        assert!(store.verify(None).unwrap().is_whole());
        store.seal().unwrap()
    };
    let one = seal(Sort::Journal, "a", 1, false);
    assert_eq!(one.hash.len(), 64);
    assert_eq!(seal(Sort::Journal, "b", 50, true), one);
    assert_eq!(seal(Sort::Sqlite, "c", 1, false), one);
    assert_eq!(seal(Sort::Sqlite, "d", 7, true), one);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_back_is_the_same_stream(seed: u64, other: u64, batch in 1usize..40) {
        let folder = Folder::new();
        let mut world = World::new(seed);
        world.name_twice();
        for sort in SORTS {
            let path = folder.file(&format!("{sort:?}"));
            let (mut stored, _) = StoredStream::open(sort.open(&path, Durability::ByHost).unwrap()).unwrap();
            for events in world.shuffled(other).chunks(batch) {
                stored.apply_batch(events.iter().cloned()).unwrap();
            }
            if batch % 2 == 0 {
                stored.compact().unwrap();
            }
            let reader = sort.open_to_read(&path).unwrap();
            let (again, recovery) = StoredStream::open(reader).unwrap();
            prop_assert!(recovery.is_whole() && recovery.duplicates == 0);
            prop_assert_eq!(again.to_snapshot(), stored.to_snapshot());
            for id in stored.items(None) {
                prop_assert_eq!(again.item(&id).unwrap(), stored.item(&id).unwrap());
                prop_assert_eq!(again.links(&id).unwrap(), stored.links(&id).unwrap());
                prop_assert_eq!(again.history(&id).unwrap(), stored.history(&id).unwrap());
            }
        }
    }
}

#[test]
fn there_is_one_writer_and_any_number_of_readers() {
    for sort in SORTS {
        let folder = Folder::new();
        let path = folder.file("record");
        assert_eq!(sort.open_to_read(&path).err().unwrap().code(), "storage", "there is nothing to read yet");
        let (mut writer, _) = StoredStream::open(sort.open(&path, Durability::EachAppend).unwrap()).unwrap();
        writer.apply(event(1)).unwrap();
        let error = sort.open(&path, Durability::EachAppend).err().unwrap();
        assert_eq!(error.code(), "storage");
        assert!(error.to_string().contains("another writer has it open"), "{error}");
        let readers: Vec<_> =
            (0..3).map(|_| StoredStream::open(sort.open_to_read(&path).unwrap()).unwrap().0).collect();
        for (n, mut reader) in readers.into_iter().enumerate() {
            writer.apply(event(n as u64 + 2)).unwrap();
            let recovery = reader.catch_up().unwrap();
            assert_eq!((recovery.events, recovery.duplicates), (n as u64 + 1, 0));
            assert!(recovery.is_whole(), "{recovery:?}");
            assert_eq!(reader.to_snapshot(), writer.to_snapshot());
            assert_eq!(reader.catch_up().unwrap().events, 0);
            let error = reader.apply(event(99)).unwrap_err();
            assert!(error.to_string().contains("open for reading only"), "{error}");
            assert!(reader.compact().is_err() && reader.sync().is_err());
        }
        drop(writer);
        sort.open(&path, Durability::EachAppend).unwrap();
    }
}

#[test]
fn a_reader_sees_whole_appends_while_a_writer_is_at_work() {
    for sort in SORTS {
        let folder = Folder::new();
        let path = folder.file("record");
        let (mut writer, _) = StoredStream::open(sort.open(&path, Durability::ByHost).unwrap()).unwrap();
        writer.apply(event(0)).unwrap();
        let reading = path.clone();
        let reader = std::thread::spawn(move || {
            let (mut reader, _) = StoredStream::open(sort.open_to_read(&reading).unwrap()).unwrap();
            let mut last = 0;
            let begin = std::time::Instant::now();
            while last < 2_080 {
                assert!(begin.elapsed().as_secs() < 60, "{last} events seen");
                let recovery = reader.catch_up().unwrap();
                assert!(recovery.is_whole() && recovery.duplicates == 0, "{recovery:?}");
                let now = reader.events().count();
                assert!(now >= last);
                last = now;
            }
            reader.to_snapshot()
        });
        // Every event once, in batches.
        for n in 0..99 {
            writer.apply_batch((0..21).map(|k| event(1 + n * 21 + k))).unwrap();
            if n == 50 {
                writer.compact().unwrap();
            }
        }
        assert_eq!(reader.join().unwrap(), writer.to_snapshot());
    }
}

#[test]
fn what_was_altered_shows() {
    let folder = Folder::new();
    let events: Vec<Event> = (1..=9).map(event).collect();
    let mut altered = events.clone();
    altered[4].set.title = Some("Never said".into());
    let honest = {
        let mut store = Journal::open(folder.file("honest"), Durability::ByHost).unwrap();
        store.append(&events).unwrap();
        store.seal().unwrap()
    };
    // Somebody writes the whole record anew, with all hashes: only the seal that was noted elsewhere tells.
    let forged = folder.file("forged");
    let mut store = Journal::open(&forged, Durability::ByHost).unwrap();
    store.append(&altered).unwrap();
    assert!(store.verify(None).unwrap().is_whole());
    let audit = store.verify(Some(&honest)).unwrap();
    assert!(
        !audit.is_whole() && audit.faults[0].reason.contains("up to event 9 is not the one"),
        "{audit:?}"
    );
    // What was cut off at the end is missed as well.
    let longer = Seal { number: 12, ..honest.clone() };
    let audit = store.verify(Some(&longer)).unwrap();
    assert!(audit.faults[0].reason.contains("events 10 to 12 are missing"), "{audit:?}");
    drop(store);

    // Somebody changes one event in the database, triggers or not; its row and no other is named.
    let path = folder.file("database");
    let mut store = Sqlite::open(&path, Durability::ByHost).unwrap();
    store.append(&events).unwrap();
    store.compact().unwrap();
    assert_eq!(store.seal().unwrap(), honest);
    drop(store);
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.windows(7).position(|window| window == b"Title 5").unwrap();
    bytes[at..at + 7].copy_from_slice(b"Title 6");
    fs::write(&path, bytes).unwrap();
    let mut store = Sqlite::open(&path, Durability::ByHost).unwrap();
    let audit = store.verify(Some(&honest)).unwrap();
    assert_eq!(audit.faults[0].position, "event 5", "{audit:?}");
    assert_eq!(audit.faulty, 1);
    let (found, recovery) = read(&mut store).unwrap();
    assert_eq!(found.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 2, 3, 4, 6, 7, 8, 9]);
    assert_eq!((recovery.lost, recovery.damage[0].position.as_str()), (1, "event 5"));
}

#[test]
fn where_nothing_can_be_written_nothing_changes() {
    for sort in SORTS {
        let folder = Folder::new();
        let nowhere = folder.file("no/such/folder/record");
        let error = sort.open(&nowhere, Durability::ByHost).err().unwrap();
        assert_eq!(error.code(), "storage");
        assert!(error.to_string().contains("no/such/folder/record"), "{error}");
        let path = folder.file("record");
        let (mut stored, _) = StoredStream::open(sort.open(&path, Durability::ByHost).unwrap()).unwrap();
        stored.apply_batch((1..=5).map(event)).unwrap();
        drop(stored);
        let mut rights = fs::metadata(&folder.0).unwrap().permissions();
        rights.set_readonly(true);
        fs::set_permissions(&folder.0, rights.clone()).unwrap();
        let blocked = fs::write(folder.file("probe"), "").is_err();
        if blocked {
            let other = sort.open(&folder.file("other"), Durability::ByHost).err().unwrap();
            assert_eq!(other.code(), "storage");
        } else {
            println!("this user may write into read-only folders: the rest of the test says nothing here");
        }
        // Reading needs no right to write.
        let (reader, recovery) = StoredStream::open(sort.open_to_read(&path).unwrap()).unwrap();
        assert_eq!((reader.events().count(), recovery.is_whole()), (5, true));
        drop(reader);
        #[allow(clippy::permissions_set_readonly_false, reason = "the folder goes when the test ends")]
        rights.set_readonly(false);
        fs::set_permissions(&folder.0, rights).unwrap();
    }
}

#[test]
fn a_folder_or_another_file_is_no_store() {
    for sort in SORTS {
        let folder = Folder::new();
        let text = folder.file("text");
        fs::write(&text, "[not a store, but somebody's notes]\n".repeat(40)).unwrap();
        for path in [&text, &folder.file("")] {
            for opened in [sort.open(path, Durability::ByHost), sort.open_to_read(path)] {
                assert_eq!(opened.err().unwrap().code(), "storage", "{sort:?} {}", path.display());
            }
        }
        assert_eq!(fs::read_to_string(&text).unwrap().len(), 36 * 40);
    }
}
