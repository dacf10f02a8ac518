//! What holds for files that nobody, or somebody else, has written.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use vsm_core::{Durability, Event, Journal, Recovery, Result, Sqlite, Store, StoredStream};

/// Any bytes whatever as a journal.
pub(super) fn any_bytes(bytes: &[u8]) {
    let folder = Folder::new();
    let path = folder.0.join("record");
    fs::write(&path, bytes).unwrap();
    if Journal::open_to_read(&path).is_err() {
        assert!(Journal::open(&path, Durability::ByHost).is_err(), "what can't be read is not written to");
        assert_eq!(fs::read(&path).unwrap(), bytes, "and is left as it was");
        return;
    }
    goes_on(&path);
}

/// Frames whose checksums are right, whatever is in them: for each one a byte for its kind, one for its number, two for
/// the length of its payload, and the payload.
pub(super) fn any_frames(bytes: &[u8]) {
    let mut file = b"vsm journal\n\x01\0\0\0".to_vec();
    file.extend(crc32(&file).to_le_bytes());
    let mut rest = bytes;
    while let [kind, number, low, high, more @ ..] = rest {
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(more.len());
        let (payload, more) = more.split_at(length);
        rest = more;
        // The ends of what a number can be are worth more than the middle.
        let number = if *number < 0x80 { u64::from(*number) } else { u64::MAX - u64::from(!*number) };
        let start = file.len();
        file.extend([0xf5, *kind]);
        file.extend((length as u32).to_le_bytes());
        file.extend(number.to_le_bytes());
        file.extend(crc32(payload).to_le_bytes());
        file.extend([0; 32]);
        file.extend(crc32(&file[start..]).to_le_bytes());
        file.extend(payload);
    }
    file.extend(rest);
    let folder = Folder::new();
    let path = folder.0.join("record");
    fs::write(&path, file).unwrap();
    goes_on(&path);
}

/// A journal that reads can be written to, compacted and read by a stream, and nothing that it held gets lost.
fn goes_on(path: &Path) {
    let (read, _) = events_of(&mut Journal::open_to_read(path).unwrap()).unwrap();
    assert!(read.windows(2).all(|pair| pair[0].0 < pair[1].0), "each number once, in order");
    let mut store = Journal::open(path, Durability::ByHost).unwrap();
    let before = store.verify(None).unwrap();
    let (found, recovery) = events_of(&mut store).unwrap();
    assert_eq!(found, read, "opening it changes nothing that is whole");
    assert_eq!(recovery.events, found.len() as u64);
    store.append(&[event(1)]).unwrap();
    let (after, _) = events_of(&mut store).unwrap();
    assert_eq!(after.len(), found.len() + 1);
    assert_eq!(after[..found.len()], found);
    if before.is_whole() {
        assert!(store.verify(None).unwrap().is_whole());
    }
    store.compact().unwrap();
    assert_eq!(events_of(&mut store).unwrap().0, after);
    drop(store);
    let (stream, recovery) = StoredStream::open(Journal::open(path, Durability::ByHost).unwrap()).unwrap();
    let applied = stream.event_count() as u64 + recovery.duplicates + recovery.refused.len() as u64;
    assert_eq!((recovery.events, applied), (after.len() as u64, after.len() as u64), "{recovery:?}");
}

/// A journal that was overwritten, cut and shuffled: what it gives was written, or an audit says that it was not.
pub(super) fn damaged_journal(bytes: &[u8]) {
    static WHOLE: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
    let whole = WHOLE.get_or_init(|| {
        [false, true].map(|compact| {
            let folder = Folder::new();
            let path = folder.0.join("record");
            let mut store = Journal::open(&path, Durability::ByHost).unwrap();
            store.append(&written()).unwrap();
            if compact {
                store.compact().unwrap();
            }
            drop(store);
            fs::read(&path).unwrap()
        })
    });
    let Some((choice, bytes)) = bytes.split_first() else { return };
    let file = damage(&whole[usize::from(choice & 1)], bytes);
    let folder = Folder::new();
    let path = folder.0.join("record");
    fs::write(&path, &file).unwrap();
    let Ok(mut store) = Journal::open_to_read(&path) else { return };
    let (found, recovery) = events_of(&mut store).unwrap();
    let audit = store.verify(None).unwrap();
    honest(&found, audit.is_whole());
    if recovery.is_whole() && audit.is_whole() {
        // What is missing at the end, and that alone, can't be noticed without a seal.
        assert!(found.iter().map(|(number, _)| *number).eq(1..=found.len() as u64), "{recovery:?}");
    }
    goes_on(&path);
}

/// The same for a database; what SQLite itself refuses is refused.
pub(super) fn damaged_database(bytes: &[u8]) {
    static WHOLE: OnceLock<Vec<u8>> = OnceLock::new();
    let whole = WHOLE.get_or_init(|| {
        let folder = Folder::new();
        let path = folder.0.join("record");
        let mut store = Sqlite::open(&path, Durability::ByHost).unwrap();
        store.append(&written()).unwrap();
        store.compact().unwrap();
        drop(store);
        fs::read(&path).unwrap()
    });
    let folder = Folder::new();
    let path = folder.0.join("record");
    fs::write(&path, damage(whole, bytes)).unwrap();
    let Ok(mut store) = Sqlite::open(&path, Durability::ByHost) else { return };
    let (Ok((found, _)), Ok(audit)) = (events_of(&mut store), store.verify(None)) else { return };
    honest(&found, audit.is_whole());
    let _ = store.append(&[event(99)]);
    let _ = store.seal();
}

fn honest(found: &[(u64, Event)], is_whole: bool) {
    let written = written();
    let is_written = |(number, event): &(u64, Event)| written.get(*number as usize - 1) == Some(event);
    assert!(
        !is_whole || found.iter().all(is_written),
        "an event that nobody wrote, and the audit is content"
    );
}

/// Operations on a file: each has a byte for what is done, two for where, one for how much, and for some the bytes.
fn damage(whole: &[u8], mut plan: &[u8]) -> Vec<u8> {
    let mut file = whole.to_vec();
    while let [what, low, high, count, rest @ ..] = plan {
        plan = rest;
        let at = usize::from(u16::from_le_bytes([*low, *high])) % (file.len() + 1);
        let end = (at + usize::from(*count)).min(file.len());
        match what % 6 {
            0 | 1 => {
                let (bytes, rest) = plan.split_at(usize::from(*count).min(plan.len()));
                plan = rest;
                if what % 6 == 0 {
                    file.iter_mut().skip(at).zip(bytes).for_each(|(old, new)| *old = *new);
                } else {
                    file.splice(at..at, bytes.iter().copied());
                }
            }
            2 => drop(file.drain(at..end)),
            3 => file.truncate(at),
            4 => file.iter_mut().take(end).skip(at).for_each(|byte| *byte = 0),
            _ if file.len() < 4 * whole.len() => {
                let piece = file[at..end].to_vec();
                file.splice(end..end, piece);
            }
            _ => {}
        }
    }
    file
}

fn written() -> Vec<Event> {
    (1..=6).map(event).collect()
}

fn event(n: u64) -> Event {
    let at = "2026-03-02T09:00:00Z".parse().unwrap();
    let mut event = Event::new("t", n.to_string(), at, format!("t:{}", n % 4));
    event.set.title = Some(format!("Title {n}"));
    event
}

type Found = (Vec<(u64, Event)>, Recovery);

fn events_of(store: &mut impl Store) -> Result<Found> {
    let mut events = Vec::new();
    let recovery = store.replay(0, &mut |number, event| events.push((number, event)))?;
    Ok((events, recovery))
}

/// CRC-32 as zip and the journal have it, bit by bit: the frames here are short.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| crc >> 1 ^ (0xedb8_8320 * (crc & 1)))
    })
}

/// A folder in memory, where the system has such, that goes with its owner.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let memory = Path::new("/dev/shm");
        let home = if memory.is_dir() { memory.into() } else { std::env::temp_dir() };
        let name = format!("vsm-fuzz-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        fs::create_dir_all(home.join(&name)).unwrap();
        Folder(home.join(name))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
