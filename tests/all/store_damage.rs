//! Stores that are cut off, flipped and overwritten: what is whole is read, what is missing is named.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use vsm_core::{Durability, Error, Event, Journal, Sqlite, Store, StoredStream};

use crate::store::{Folder, SORTS, Sort, event, read};
use crate::world::World;

const PROLOGUE: usize = 20;

fn journal(path: &Path, events: &[Event], compact: bool) -> Vec<u8> {
    let mut store = Journal::open(path, Durability::ByHost).unwrap();
    store.append(events).unwrap();
    if compact {
        store.compact().unwrap();
    }
    drop(store);
    fs::read(path).unwrap()
}

fn events() -> Vec<Event> {
    (1..=4).map(event).collect()
}

#[test]
fn a_journal_that_is_cut_anywhere_keeps_every_whole_event() {
    for compact in [false, true] {
        let folder = Folder::new();
        let (path, events) = (folder.file("record"), events());
        let whole = journal(&path, &events, compact);
        let ends: Vec<usize> = (1..=events.len())
            .map(|n| {
                let path = folder.file(&format!("first-{n}"));
                journal(&path, &events[..n], compact).len()
            })
            .collect();
        for cut in 0..=whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let kept = ends.iter().filter(|end| **end <= cut).count();
            let (mut stored, recovery) =
                StoredStream::open(Journal::open(&path, Durability::ByHost).unwrap()).unwrap();
            assert!(recovery.is_whole(), "cut at {cut}: {recovery:?}");
            assert_eq!(stored.events().collect::<Vec<_>>(), events[..kept], "cut at {cut}");
            let end = kept.checked_sub(1).map_or(PROLOGUE, |last| ends[last]);
            assert_eq!(recovery.torn_bytes, cut.saturating_sub(end) as u64, "cut at {cut}");
            // It goes on as if nothing had been.
            stored.apply(event(9)).unwrap();
            drop(stored);
            let (found, recovery) = read(&mut Journal::open_to_read(&path).unwrap()).unwrap();
            assert_eq!((found.len(), recovery.is_whole(), recovery.torn_bytes), (kept + 1, true, 0));
            assert!(Journal::open_to_read(&path).unwrap().verify(None).unwrap().is_whole());
        }
    }
}

#[test]
fn a_flipped_bit_costs_one_event_at_most() {
    for compact in [false, true] {
        let folder = Folder::new();
        let (path, events) = (folder.file("record"), events());
        let whole = journal(&path, &events, compact);
        for at in 0..whole.len() {
            for bit in [1 << (at % 8), 0xff] {
                let mut bytes = whole.clone();
                bytes[at] ^= bit;
                fs::write(&path, &bytes).unwrap();
                let mut store = Journal::open(&path, Durability::ByHost).unwrap();
                let audit = store.verify(None).unwrap();
                assert!(!audit.is_whole(), "byte {at}");
                let (found, recovery) = read(&mut store).unwrap();
                assert!(!recovery.is_whole(), "byte {at}: {recovery:?}");
                assert_eq!(recovery.torn_bytes, 0, "byte {at}: what was acknowledged is not cut off");
                let missing = usize::from(at >= PROLOGUE);
                assert_eq!(found.len(), events.len() - missing, "byte {at}: {recovery:?}");
                assert!(found.iter().all(|(number, event)| events[*number as usize - 1] == *event));
                let place: usize =
                    recovery.damage[0].position.strip_prefix("byte ").unwrap().parse().unwrap();
                assert!(place <= at && recovery.damaged == 1, "byte {at}: {recovery:?}");
                // The last event's head is the only thing by which one could know that it was there.
                let known = recovery.lost as usize == missing || found.last().map(|last| last.0) == Some(3);
                assert!(known, "byte {at}: {recovery:?}");
                // Writing goes on behind the damage, and nothing of the file is thrown away.
                store.append(&[event(9)]).unwrap();
                let (after, _) = read(&mut store).unwrap();
                assert_eq!(after.len(), found.len() + 1, "byte {at}");
                assert_eq!(fs::read(&path).unwrap()[..bytes.len()], bytes, "byte {at}");
            }
        }
    }
}

#[test]
fn a_damaged_journal_is_kept_when_it_is_compacted() {
    let folder = Folder::new();
    let (path, events) = (folder.file("record"), events());
    let mut bytes = journal(&path, &events, false);
    let middle = bytes.windows(7).position(|window| window == b"Title 2").unwrap();
    bytes[middle] = b'X';
    fs::write(&path, &bytes).unwrap();
    let mut store = Journal::open(&path, Durability::ByHost).unwrap();
    let (before, _) = read(&mut store).unwrap();
    store.compact().unwrap();
    let (after, recovery) = read(&mut store).unwrap();
    assert_eq!(after, before);
    assert_eq!((recovery.lost, recovery.damaged), (1, 1), "that an event is missing is not forgotten");
    assert!(recovery.damage[0].reason.contains("event 2 is missing"), "{recovery:?}");
    assert_eq!(fs::read(folder.file("record.damaged-4")).unwrap(), bytes);
    assert!(!folder.file("record.new").exists());
}

#[test]
fn what_replay_counts_as_lost_comes_back_from_no_compaction() {
    let folder = Folder::new();
    let path = folder.file("record");
    let whole = journal(&path, &events(), false);
    let first = {
        let path = folder.file("first");
        journal(&path, &events()[..1], false)
    };
    // The first event is damaged, and stands behind itself once more.
    let mut bytes = first.clone();
    let middle = bytes.windows(7).position(|window| window == b"Title 1").unwrap();
    bytes[middle] = b'X';
    bytes.extend(&whole[PROLOGUE..]);
    fs::write(&path, &bytes).unwrap();
    let mut store = Journal::open(&path, Durability::ByHost).unwrap();
    let (before, recovery) = read(&mut store).unwrap();
    assert_eq!((before.len(), recovery.lost), (3, 1), "{recovery:?}");
    store.compact().unwrap();
    let (after, recovery) = read(&mut store).unwrap();
    assert_eq!((after, recovery.lost), (before, 1), "{recovery:?}");
}

#[test]
fn a_stream_goes_on_without_what_is_lost() {
    let folder = Folder::new();
    for sort in SORTS {
        let path = folder.file(&format!("{sort:?}"));
        let world = World::new(3);
        let (mut stored, _) = StoredStream::open(sort.open(&path, Durability::ByHost).unwrap()).unwrap();
        stored.apply_batch(world.events.iter().cloned()).unwrap();
        let count = stored.events().count();
        stored.compact().unwrap();
        drop(stored);
        let mut bytes = fs::read(&path).unwrap();
        // An event in the middle, by its title.
        let title = world.events[count / 2..].iter().find_map(|event| event.set.title.clone()).unwrap();
        // In a database the same text may stand in another column too.
        let said = if sort == Sort::Sqlite { format!("\"title\":\"{title}\"") } else { title };
        let at = bytes.windows(said.len()).position(|window| window == said.as_bytes()).unwrap();
        bytes[at + said.len() - 2] ^= 0x02;
        fs::write(&path, bytes).unwrap();
        let (mut stored, recovery) =
            StoredStream::open(sort.open(&path, Durability::ByHost).unwrap()).unwrap();
        assert_eq!((recovery.lost, recovery.events), (1, count as u64 - 1), "{sort:?} {recovery:?}");
        // The source delivers again, and the record is whole once more.
        let report = stored.apply_batch(world.events.iter().cloned()).unwrap();
        assert_eq!(report.accepted, 1);
        drop(stored);
        let (stored, _) = StoredStream::open(sort.open(&path, Durability::ByHost).unwrap()).unwrap();
        assert_eq!(stored.events().count(), count);
    }
}

#[test]
fn a_newer_journal_is_refused_untouched() {
    let folder = Folder::new();
    let path = folder.file("record");
    let mut bytes = journal(&path, &events(), false);
    // Version 2 with its checksum: CRC-32 of `vsm journal\n` and 2.
    bytes[12] = 2;
    let crc = {
        let mut crc = flate2::Crc::new();
        crc.update(&bytes[..16]);
        crc.sum()
    };
    bytes[16..20].copy_from_slice(&crc.to_le_bytes());
    fs::write(&path, &bytes).unwrap();
    for opened in [Journal::open(&path, Durability::ByHost), Journal::open_to_read(&path)] {
        let error = opened.unwrap_err();
        assert!(matches!(&error, Error::Storage { .. }));
        assert!(error.to_string().contains("version 2 is that of a newer engine"), "{error}");
    }
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn a_flipped_bit_in_a_database_is_noticed_or_harmless() {
    let folder = Folder::new();
    let path = folder.file("record");
    let events: Vec<Event> = (1..=120).map(event).collect();
    let mut store = Sqlite::open(&path, Durability::ByHost).unwrap();
    for part in events.chunks(10) {
        store.append(part).unwrap();
    }
    store.compact().unwrap();
    let seal = store.seal().unwrap();
    drop(store);
    let whole = fs::read(&path).unwrap();
    let (mut refused, mut damaged, mut harmless) = (0, 0, 0);
    for at in (0..whole.len()).step_by(61) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        for side in ["record-wal", "record-shm"] {
            let _ = fs::remove_file(folder.file(side));
        }
        fs::write(&path, &bytes).unwrap();
        let opened = Sqlite::open(&path, Durability::ByHost).and_then(|mut store| {
            let (found, recovery) = read(&mut store)?;
            Ok((found, recovery, store.verify(Some(&seal))?))
        });
        match opened {
            Err(error) => {
                assert_eq!(error.code(), "storage", "byte {at}");
                refused += 1;
            }
            Ok((found, recovery, audit)) => {
                // A row's number has no check of its own but the gap that it leaves.
                assert!(
                    found.iter().all(|(_, event)| events.contains(event)),
                    "byte {at}: an event that nobody wrote"
                );
                if found.len() == events.len() {
                    harmless += 1;
                } else {
                    assert!(!audit.is_whole(), "byte {at}: {} of 120, {recovery:?}", found.len());
                    damaged += 1;
                }
            }
        }
    }
    println!("{refused} refused, {damaged} damaged, {harmless} harmless");
    assert!(damaged > 0 && harmless > 0);
    assert!(refused * 4 < damaged + harmless, "{refused} refused, {damaged} damaged, {harmless} harmless");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_may_be_overwritten(
        patches in prop::collection::vec((any::<prop::sample::Index>(), prop::collection::vec(any::<u8>(), 1..400)), 1..5),
        compact: bool,
    ) {
        let folder = Folder::new();
        let path = folder.file("record");
        let events = World::new(11).events;
        let mut bytes = journal(&path, &events, compact);
        for (at, patch) in &patches {
            let at = at.index(bytes.len());
            let end = bytes.len().min(at + patch.len());
            bytes[at..end].copy_from_slice(&patch[..end - at]);
        }
        fs::write(&path, &bytes).unwrap();
        let mut store = Journal::open(&path, Durability::ByHost).unwrap();
        let (found, recovery) = read(&mut store).unwrap();
        // No event takes less than 80 bytes, so a patch can't reach into more of them than this.
        let hit: usize = patches.iter().map(|(_, patch)| patch.len() / 80 + 2).sum();
        prop_assert!(found.len() + hit >= events.len(), "{:?}", recovery);
        prop_assert!(found.iter().all(|(number, event)| events[*number as usize - 1] == *event));
        store.append(&[event(1)]).unwrap();
        prop_assert_eq!(read(&mut store).unwrap().0.len(), found.len() + 1);
    }

    #[test]
    fn any_bytes_are_a_journal_or_none(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let folder = Folder::new();
        let path = folder.file("record");
        fs::write(&path, &bytes).unwrap();
        for sort in SORTS {
            if let Ok(mut store) = sort.open_to_read(&path) {
                let _ = read(&mut store);
                let _ = store.verify(None);
            }
        }
    }
}
