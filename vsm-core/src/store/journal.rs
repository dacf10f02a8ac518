//! The journal: a file of frames, one an event.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::audit::{Auditor, range};
use super::chain::{self, Hash};
use super::frame::{self, HEAD, Head, JSON, Opening, PACKED, PROLOGUE, Scanner, Step};
use super::loading::Loading;
use super::lock::{Lock, beside};
use super::pack::{pack, unpack};
use super::{Audit, Damage, Durability, Recovery, Seal, Store, resolved, storage};
use crate::document::event_to_json;
use crate::error::Result;
use crate::model::{Event, Statement};
use crate::stream::ValueStream;

/// So much is gathered before it is written.
const GATHERED: usize = 1 << 20;

/// A record in one file, which only ever grows.
///
/// An event is a frame: a head with length, number, two checksums and the event's hash, and after it the event as a
/// line of JSON, so that `strings` and `grep` find their way about. [`compact`](Store::compact) writes all events so far
/// in a packed form, which is read about twice as fast; what comes after is JSON again. Numbers and hashes are the
/// same in both, so an old seal holds.
///
/// `FILE.lock` beside it keeps a second writer out, `FILE.new` is a compaction under way, and `FILE.damaged-N` is what
/// was there before the compaction of a damaged file.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    durability: Durability,
    /// Absent where the journal is open for reading.
    lock: Option<Lock>,
    /// Where the next event goes; absent until the file has been read once.
    tail: Option<Tail<File>>,
}

impl Journal {
    /// Opens a journal for writing; where there is none, an empty one is made.
    ///
    /// # Errors
    /// [`Error::Storage`](crate::Error::Storage) where the file can't be opened or made, where another writer has it
    /// open, where it is of a newer version or no journal at all. It is untouched then.
    pub fn open(path: impl AsRef<Path>, durability: Durability) -> Result<Journal> {
        let path = &resolved(path.as_ref());
        let lock = Lock::take(path)?;
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .map_err(|error| failed(path, "can't be opened for writing", &error))?;
        if first_bytes(path, &file)? == Opening::Unborn {
            file.cut(0)
                .and_then(|()| file.write_all(&frame::prologue(frame::VERSION)))
                .and_then(|()| file.sync_all())
                .and_then(|()| sync_folder(path))
                .map_err(|error| failed(path, "can't be made", &error))?;
        }
        Ok(Journal { path: path.into(), durability, lock: Some(lock), tail: None })
    }

    /// Opens a journal for reading, also while another process writes it: what that has appended so far is read.
    ///
    /// # Errors
    /// As [`open`](Journal::open); also where there is no file.
    pub fn open_to_read(path: impl AsRef<Path>) -> Result<Journal> {
        let path = &resolved(path.as_ref());
        let file = File::open(path).map_err(|error| failed(path, "can't be opened", &error))?;
        first_bytes(path, &file)?;
        Ok(Journal { path: path.into(), durability: Durability::ByHost, lock: None, tail: None })
    }

    /// Gives what the file holds to `each`, piece by piece.
    fn steps(&self, each: &mut dyn FnMut(Step<'_>) -> Result<()>) -> Result<()> {
        let mut file =
            File::open(&self.path).map_err(|error| failed(&self.path, "can't be opened", &error))?;
        // A damaged prologue is damage like any other.
        let start = if first_bytes(&self.path, &file)? == Opening::Unreadable { 0 } else { PROLOGUE as u64 };
        file.seek(SeekFrom::Start(start)).map_err(|error| failed(&self.path, "can't be read", &error))?;
        let mut scanner = Scanner::new(file, start);
        loop {
            match scanner.step().map_err(|error| failed(&self.path, "can't be read", &error))? {
                Step::End => return Ok(()),
                step => each(step)?,
            }
        }
    }

    /// Reads all of it; the first time, what is torn is cut off and the tail is found.
    fn read(&mut self, after: u64, each: &mut dyn FnMut(u64, Statement<'_>)) -> Result<Reader> {
        let mut reader = Reader::new();
        self.steps(&mut |step| {
            reader.take(step, after, each);
            Ok(())
        })?;
        reader.finish();
        if self.tail.is_none() && self.lock.is_some() {
            let tail = OpenOptions::new().write(true).open(&self.path).and_then(|mut file| {
                if reader.recovery.torn_bytes > 0 {
                    file.set_len(reader.end)?;
                }
                file.seek(SeekFrom::Start(reader.end))?;
                Ok(Tail::new(file, reader.end, reader.number, reader.hash))
            });
            self.tail =
                Some(tail.map_err(|error| failed(&self.path, "can't be opened for writing", &error))?);
        }
        Ok(reader)
    }

    fn tail(&mut self) -> Result<&mut Tail<File>> {
        if self.lock.is_none() {
            return Err(storage(&self.path, None, "it is open for reading only"));
        }
        if self.tail.is_none() {
            self.read(u64::MAX, &mut |_, _| ())?;
        }
        self.tail.as_mut().ok_or_else(|| storage(&self.path, None, "its end was not found"))
    }

    /// Writes everything whole into a new file, packed; whether anything was not whole.
    fn rewrite(&self, file: &File) -> Result<bool> {
        let target = beside(&self.path, "new");
        let cant = |error: io::Error| failed(&target, "can't be written", &error);
        let mut out = BufWriter::with_capacity(GATHERED, file);
        out.write_all(&frame::prologue(frame::VERSION)).map_err(cant)?;
        let (mut bytes, mut packed) = (Vec::new(), Vec::new());
        let mut damaged = false;
        let mut number = 0;
        self.steps(&mut |step| {
            let (head, payload) = match step {
                Step::Frame(_, head, payload) => (head, payload),
                Step::Damage(_, _, head) => {
                    damaged = true;
                    // What replay counts as lost comes back from no second copy behind it.
                    number = head.map_or(number, |head| number.max(head.number));
                    return Ok(());
                }
                Step::Torn(..) | Step::End => {
                    damaged = true;
                    return Ok(());
                }
            };
            damaged |= head.number != number + 1;
            if head.number <= number {
                return Ok(());
            }
            number = head.number;
            packed.clear();
            bytes.clear();
            let (kind, payload) = match pack_line(&head, payload, &mut packed) {
                true => (PACKED, packed.as_slice()),
                false => (head.kind, payload),
            };
            frame::put(&mut bytes, kind, head.number, &head.hash, payload)
                .and_then(|()| out.write_all(&bytes))
                .map_err(cant)
        })?;
        out.flush().and_then(|()| file.sync_all()).map_err(cant)?;
        Ok(damaged)
    }
}

impl Store for Journal {
    fn append(&mut self, events: &[Event]) -> Result<()> {
        let durability = self.durability;
        let appended = self.tail()?.append(events, durability);
        appended.map_err(|error| failed(&self.path, "the events can't be appended", &error))
    }

    fn sync(&mut self) -> Result<()> {
        let synced = self.tail()?.sync();
        synced.map_err(|error| failed(&self.path, "can't be made safe", &error))
    }

    fn replay(&mut self, after: u64, each: &mut dyn FnMut(u64, Event)) -> Result<Recovery> {
        Ok(self.read(after, &mut |number, said| each(number, said.into_event()))?.recovery)
    }

    fn load(&mut self, stream: &mut ValueStream, number: &mut u64) -> Result<Recovery> {
        let after = *number;
        let mut loading = Loading::new(stream, number);
        let read = self.read(after, &mut |given, said| loading.take(given, said.into_owned()));
        loading.done(read.map(|reader| reader.recovery))
    }

    fn verify(&mut self, noted: Option<&Seal>) -> Result<Audit> {
        let mut auditor = Auditor::new(noted);
        self.steps(&mut |step| {
            match step {
                Step::Frame(position, head, payload) => {
                    let place = format_args!("byte {position}");
                    if head.kind == JSON {
                        auditor.event(place, head.number, head.hash, payload);
                        return Ok(());
                    }
                    match statement_of(&head, payload) {
                        Ok(said) => {
                            let line = event_to_json(&said.into_event());
                            auditor.event(place, head.number, head.hash, line.as_bytes());
                        }
                        Err(reason) => auditor.unreadable(place, head.number, head.hash, &reason),
                    }
                }
                Step::Damage(position, length, Some(head)) => {
                    let reason = damaged(length);
                    auditor.unreadable(format_args!("byte {position}"), head.number, head.hash, &reason);
                }
                Step::Damage(position, length, None) => {
                    auditor.fault(format!("byte {position}"), 0, damaged(length));
                }
                // What was never acknowledged is no part of the record.
                Step::Torn(..) | Step::End => {}
            }
            Ok(())
        })?;
        Ok(auditor.finish())
    }

    fn compact(&mut self) -> Result<()> {
        let tail = self.tail()?;
        let (number, hash) = (tail.number, tail.hash);
        let target = beside(&self.path, "new");
        let new = OpenOptions::new().create(true).truncate(true).write(true).open(&target);
        let mut new = new.map_err(|error| failed(&target, "can't be made", &error))?;
        let moved = self.rewrite(&new).and_then(|was_damaged| {
            let cant = |error: io::Error| failed(&self.path, "can't be replaced", &error);
            if was_damaged {
                fs::copy(&self.path, beside(&self.path, &format!("damaged-{number}"))).map_err(cant)?;
            }
            fs::rename(&target, &self.path).map_err(cant)?;
            Ok(())
        });
        if let Err(error) = moved {
            let _ = fs::remove_file(&target);
            return Err(error);
        }
        // From here on the new file is the journal, so the tail has to be its own, come what may.
        let end = new.seek(SeekFrom::End(0));
        self.tail = end.ok().map(|end| Tail::new(new, end, number, hash));
        sync_folder(&self.path).map_err(|error| failed(&self.path, "can't be made safe", &error))
    }

    fn seal(&mut self) -> Result<Seal> {
        let (number, hash) = match &self.tail {
            Some(tail) => (tail.number, tail.hash),
            None => {
                let reader = self.read(u64::MAX, &mut |_, _| ())?;
                (reader.number, reader.hash)
            }
        };
        Ok(Seal { number, hash: chain::hex(&hash) })
    }
}

/// The end of a journal, where events are added.
#[derive(Debug)]
struct Tail<M> {
    medium: M,
    /// Where the next frame goes.
    length: u64,
    number: u64,
    hash: Hash,
    /// Events that a loss of power would cost.
    waiting: u64,
    /// Nobody knows any more what the file holds.
    broken: bool,
    frames: Vec<u8>,
    line: Vec<u8>,
}

/// What a tail needs of a file.
trait Medium: Write {
    fn cut(&mut self, length: u64) -> io::Result<()>;
    fn make_safe(&mut self) -> io::Result<()>;
}

impl Medium for File {
    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)?;
        self.seek(SeekFrom::Start(length)).map(drop)
    }

    fn make_safe(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

impl<M: Medium> Tail<M> {
    fn new(medium: M, length: u64, number: u64, hash: Hash) -> Tail<M> {
        let (frames, line) = (Vec::new(), Vec::new());
        Tail { medium, length, number, hash, waiting: 0, broken: false, frames, line }
    }

    fn append(&mut self, events: &[Event], durability: Durability) -> io::Result<()> {
        self.check()?;
        let before = (self.length, self.number, self.hash);
        self.frames.clear();
        let written = events.iter().try_for_each(|event| self.add(event)).and_then(|()| self.write());
        if let Err(error) = written {
            (self.length, self.number, self.hash) = before;
            // Part of it may have been written. If it can't be cut off, nothing may come after it.
            self.broken = self.medium.cut(self.length).is_err();
            return Err(error);
        }
        self.waiting += events.len() as u64;
        if durability.is_due(self.waiting) { self.sync() } else { Ok(()) }
    }

    fn add(&mut self, event: &Event) -> io::Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, event)?;
        let hash = chain::next(&self.hash, &self.line);
        frame::put(&mut self.frames, JSON, self.number + 1, &hash, &self.line)?;
        (self.number, self.hash) = (self.number + 1, hash);
        if self.frames.len() < GATHERED { Ok(()) } else { self.write() }
    }

    fn write(&mut self) -> io::Result<()> {
        self.medium.write_all(&self.frames)?;
        self.length += self.frames.len() as u64;
        self.frames.clear();
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.check()?;
        // After a failure the system may have dropped what it could not write, and say yes the next time.
        self.broken = true;
        self.medium.make_safe()?;
        (self.broken, self.waiting) = (false, 0);
        Ok(())
    }

    fn check(&self) -> io::Result<()> {
        if self.broken {
            return Err(io::Error::other(
                "an earlier failure left it unclear what is on the disk: open it again",
            ));
        }
        Ok(())
    }
}

/// What has been read of a journal so far.
struct Reader {
    recovery: Recovery,
    number: u64,
    hash: Hash,
    /// Where the last piece ended.
    end: u64,
    /// Damage of which is not known yet how many events it has cost.
    open: Option<(u64, u64)>,
}

impl Reader {
    fn new() -> Reader {
        let recovery = Recovery::default();
        Reader { recovery, number: 0, hash: chain::START, end: PROLOGUE as u64, open: None }
    }

    fn take(&mut self, step: Step<'_>, after: u64, each: &mut dyn FnMut(u64, Statement<'_>)) {
        match step {
            Step::Frame(position, head, payload) => {
                self.end = position + (HEAD + payload.len()) as u64;
                if !self.pass(position, &head) {
                    return;
                }
                if head.number > after {
                    match statement_of(&head, payload) {
                        Ok(said) => each(head.number, said),
                        Err(reason) => return self.lose(position, &head, reason),
                    }
                    self.recovery.events += 1;
                }
                (self.number, self.hash) = (head.number, head.hash);
            }
            Step::Damage(position, length, head) => {
                self.end = position + length;
                match head {
                    None => self.open = Some((position, length)),
                    Some(head) => {
                        if self.pass(position, &head) {
                            self.lose(position, &head, damaged(length));
                        }
                    }
                }
            }
            Step::Torn(position, length) => {
                self.end = position;
                self.recovery.torn_bytes = length;
            }
            Step::End => {}
        }
    }

    /// Whether a frame is one that is to come; what should have come before it is missing.
    fn pass(&mut self, position: u64, head: &Head) -> bool {
        let after = self.number;
        let open = self.open.take();
        let lost = head.number.saturating_sub(after + 1);
        if let Some((position, length)) = open {
            self.note(position, lost, damaged(length));
        } else if lost > 0 {
            self.note(position, lost, format!("{} missing", range(after + 1, head.number - 1)));
        }
        if head.number <= after {
            self.note(position, 0, format!("event {} stands here a second time", head.number));
        }
        head.number > after
    }

    fn lose(&mut self, position: u64, head: &Head, reason: String) {
        self.note(position, 1, reason);
        (self.number, self.hash) = (head.number, head.hash);
    }

    fn note(&mut self, position: u64, lost: u64, reason: String) {
        self.recovery.note(Damage { position: format!("byte {position}"), after: self.number, lost, reason });
    }

    fn finish(&mut self) {
        if let Some((position, length)) = self.open.take() {
            let reason = format!("{}; how many events were in them is not known", damaged(length));
            self.note(position, 0, reason);
        }
        self.recovery.number = self.number;
    }
}

fn damaged(length: u64) -> String {
    format!("{length} bytes are damaged")
}

fn statement_of<'p>(head: &Head, payload: &'p [u8]) -> std::result::Result<Statement<'p>, String> {
    match head.kind {
        // Checked as a whole, a text costs less than its many parts.
        JSON => {
            std::str::from_utf8(payload).map_err(|error| format!("event {}: {error}", head.number)).and_then(
                |line| Statement::from_json(line).map_err(|error| format!("event {}: {error}", head.number)),
            )
        }
        PACKED => unpack(payload).ok_or_else(|| format!("event {} is packed in an unknown way", head.number)),
        kind => Err(format!("event {} is of the kind {kind}, which is unknown", head.number)),
    }
}

/// Packs an event that stands as JSON, if it comes out again letter by letter: its hash is that of the line.
fn pack_line(head: &Head, payload: &[u8], packed: &mut Vec<u8>) -> bool {
    if head.kind != JSON {
        return false;
    }
    let Ok(Ok(said)) = std::str::from_utf8(payload).map(Statement::from_json) else { return false };
    pack(&said.into_event(), packed);
    unpack(packed).is_some_and(|said| event_to_json(&said.into_event()).as_bytes() == payload)
}

/// What a file is by its first bytes. One that is none of ours is let pass only if there is an event in it.
fn first_bytes(path: &Path, file: &File) -> Result<Opening> {
    let mut bytes = Vec::new();
    let mut file = file;
    let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.take(PROLOGUE as u64).read_to_end(&mut bytes));
    read.map_err(|error| failed(path, "can't be read", &error))?;
    match frame::opening(&bytes) {
        Opening::Newer(version) => Err(storage(
            path,
            None,
            format!(
                "version {version} is that of a newer engine; this one reads {}: update the engine",
                frame::VERSION
            ),
        )),
        Opening::Unreadable => {
            let mut scanner = Scanner::new(io::Cursor::new(bytes).chain(file), 0);
            loop {
                match scanner.step().map_err(|error| failed(path, "can't be read", &error))? {
                    Step::Frame(..) => return Ok(Opening::Unreadable),
                    Step::Damage(..) => {}
                    Step::Torn(..) | Step::End => {
                        return Err(storage(
                            path,
                            Some("byte 0".into()),
                            "this is no journal of this engine",
                        ));
                    }
                }
            }
        }
        opening => Ok(opening),
    }
}

/// A new name is safe when its folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

fn failed(path: &Path, what: &str, error: &io::Error) -> crate::Error {
    storage(path, None, format!("{what}: {error}"))
}

#[cfg(test)]
mod tests;
