//! The record in a SQLite database.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Row, TransactionBehavior, params};

use super::audit::{Auditor, range};
use super::chain::{self, Hash};
use super::loading::Loading;
use super::lock::Lock;
use super::{Audit, Damage, Durability, Recovery, Seal, Store, resolved, storage};
use crate::document::event_to_json;
use crate::error::{Error, Result};
use crate::model::{Event, Statement};
use crate::stream::ValueStream;

/// "vsm " as a number: `file` and others tell by it whose database this is.
const APPLICATION: i64 = 0x7673_6d20;

/// How each version of the schema is made from the one before; the database's `user_version` says how many were run.
///
/// `source` and `id` are not declared unique: the stream takes no event twice, and where a row is damaged, its source
/// must be able to deliver the event again. There is no index either: it would make an append write ten times as much.
const MIGRATIONS: &[&str] = &[
    "CREATE TABLE events (
        number INTEGER PRIMARY KEY,
        source TEXT NOT NULL,
        id     TEXT NOT NULL,
        item   TEXT NOT NULL,
        event  TEXT NOT NULL,
        hash   BLOB NOT NULL
    );",
    "CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
        BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END;
    CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
        BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END;
    CREATE TABLE synced (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL);",
];

/// After so many rows in a row that can't be read, nothing more is expected.
const HOPELESS: u64 = 100_000;

/// A record in a SQLite database, in a table `events`: `number`, `source`, `id`, `item`, `event` (JSON), `hash`.
///
/// Any number of processes may read it while one writes: with [`open_to_read`](Sqlite::open_to_read), or with whatever
/// else reads SQLite. `FILE.lock` beside it keeps a second writer of this engine out; one that knows nothing of it is
/// noticed by the next append, which fails. `FILE-wal` and `FILE-shm` belong to the database as long as they are there.
///
/// SQLite has no checksums of its own, so every event is checked against its hash when it is read.
#[derive(Debug)]
pub struct Sqlite {
    path: PathBuf,
    durability: Durability,
    /// Absent where the database is open for reading.
    lock: Option<Lock>,
    connection: Connection,
    /// The last event; absent until the database has been asked.
    end: Option<(u64, Hash)>,
    /// Events that a loss of power would cost.
    waiting: u64,
    /// Nobody knows any more what is on the disk.
    broken: bool,
}

impl Sqlite {
    /// Opens a database for writing; where there is none, an empty one is made. One of an older version is brought up
    /// to date.
    ///
    /// # Errors
    /// [`Error::Storage`] where the file can't be opened or made, where another writer has it open, where it is of a
    /// newer version or no database of this engine. It is untouched then.
    pub fn open(path: impl AsRef<Path>, durability: Durability) -> Result<Sqlite> {
        let path = &resolved(path.as_ref());
        let lock = Lock::take(path)?;
        let connection = Connection::open(path).map_err(|error| failed(path, "can't be opened", &error))?;
        let mut store = Sqlite::new(path, durability, Some(lock), connection);
        store.settings()?;
        store.migrate()?;
        Ok(store)
    }

    /// Opens a database for reading, also while another process writes it.
    ///
    /// # Errors
    /// As [`open`](Sqlite::open); also where there is no file, or one of an older version, which only a writer can bring
    /// up to date.
    pub fn open_to_read(path: impl AsRef<Path>) -> Result<Sqlite> {
        let path = &resolved(path.as_ref());
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let cant = |error: rusqlite::Error| failed(path, "can't be opened for reading", &error);
        let mut connection = Connection::open_with_flags(path, flags).map_err(cant)?;
        let first = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()));
        let refused = first.is_err_and(|error| {
            matches!(error.sqlite_error_code(), Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen))
        });
        if refused && !beside_wal(path).exists() {
            // Readers share a file beside the database, which can't be made in a folder without the right to write.
            // As long as nobody writes, it can be read without.
            let flags = flags | OpenFlags::SQLITE_OPEN_URI;
            connection = Connection::open_with_flags(unchanging(path), flags).map_err(cant)?;
        }
        let store = Sqlite::new(path, Durability::ByHost, None, connection);
        let version = store.version()?;
        if version == 0 {
            return Err(storage(path, None, "there is no record of this engine in it"));
        }
        Ok(store)
    }

    fn new(path: &Path, durability: Durability, lock: Option<Lock>, connection: Connection) -> Sqlite {
        Sqlite { path: path.into(), durability, lock, connection, end: None, waiting: 0, broken: false }
    }

    fn settings(&self) -> Result<()> {
        // Asked before anything is written: a database of somebody else stays as it is.
        self.version()?;
        let set = || {
            self.connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
            // Every commit is safe with "full"; with "normal" it outlives the process alone.
            let each = self.durability == Durability::EachAppend;
            self.connection.pragma_update(None, "synchronous", if each { "full" } else { "normal" })?;
            self.connection.pragma_update(None, "fullfsync", true)?;
            // 32 MB each of pages in memory, and of log before it is worked into the database.
            self.connection.pragma_update(None, "cache_size", -32_000)?;
            self.connection.pragma_update_and_check(None, "wal_autocheckpoint", 8_000, |_| Ok(()))?;
            // Readers may hold the file for a moment.
            self.connection.busy_timeout(std::time::Duration::from_secs(10))
        };
        set().map_err(|error| failed(&self.path, "can't be opened for writing", &error))
    }

    /// How many migrations the database has seen.
    fn version(&self) -> Result<usize> {
        let ask = |name: &str| -> rusqlite::Result<i64> {
            self.connection.pragma_query_value(None, name, |row| row.get(0))
        };
        let read = || -> rusqlite::Result<(i64, i64, i64)> {
            let tables =
                self.connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
            Ok((ask("application_id")?, ask("user_version")?, tables))
        };
        let (application, version, tables) =
            read().map_err(|error| failed(&self.path, "can't be read", &error))?;
        if application != APPLICATION && (tables != 0 || version != 0 || application != 0) {
            return Err(storage(&self.path, None, "this is a database of another program"));
        }
        usize::try_from(version).ok().filter(|version| *version <= MIGRATIONS.len()).ok_or_else(|| {
            let known = MIGRATIONS.len();
            let reason = format!(
                "version {version} is that of a newer engine; this one reads {known}: update the engine"
            );
            storage(&self.path, None, reason)
        })
    }

    fn migrate(&mut self) -> Result<()> {
        let version = self.version()?;
        let mut migrate = || {
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for migration in MIGRATIONS.iter().skip(version) {
                transaction.execute_batch(migration)?;
            }
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
            transaction.commit()
        };
        if version == MIGRATIONS.len() {
            return Ok(());
        }
        migrate().map_err(|error| failed(&self.path, "the tables can't be made", &error))
    }

    fn check_writable(&self) -> Result<()> {
        if self.lock.is_none() {
            return Err(storage(&self.path, None, "it is open for reading only"));
        }
        if self.broken {
            let reason = "an earlier failure left it unclear what is on the disk: open it again";
            return Err(storage(&self.path, None, reason));
        }
        Ok(())
    }

    /// The last event and its hash.
    fn find_end(&mut self) -> Result<(u64, Hash)> {
        // A reader's end moves on by itself.
        if let (Some(end), Some(_)) = (self.end, &self.lock) {
            return Ok(end);
        }
        let end = last(&self.connection).map_err(|error| failed(&self.path, "can't be read", &error))?;
        self.end = Some(end);
        Ok(end)
    }

    /// Gives every row above `after` to `each`, and the numbers of those that can't be read.
    fn rows(&self, after: u64, each: &mut dyn FnMut(u64, Option<Stored>)) -> Result<()> {
        let cant = |error: &rusqlite::Error| failed(&self.path, "can't be read", error);
        let mut at = after;
        loop {
            let error = match self.range(&mut at, each) {
                Ok(()) => return Ok(()),
                Err(error) if is_damage(&error) => error,
                Err(error) => return Err(cant(&error)),
            };
            // Some page is damaged: from here row by row, until one can be read again.
            let highest = last(&self.connection).map(|end| end.0);
            let end = at.saturating_add(HOPELESS);
            if let Some((number, stored)) = self.probe(at, highest.as_ref().map_or(end, |n| end.min(*n))) {
                at = number;
                each(number, stored);
                continue;
            }
            return match highest {
                Ok(highest) if highest > at => {
                    each(highest, None);
                    Ok(())
                }
                Ok(_) => Ok(()),
                Err(_) if at == after => Err(cant(&error)),
                Err(_) => {
                    each(at + 1, None);
                    Ok(())
                }
            };
        }
    }

    fn range(&self, at: &mut u64, each: &mut dyn FnMut(u64, Option<Stored>)) -> rusqlite::Result<()> {
        let sql = "SELECT number, event, hash, source, id, item FROM events WHERE number > ? ORDER BY number";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([*at as i64])?;
        while let Some(row) = rows.next()? {
            let (number, stored) = stored(row)?;
            *at = number;
            each(number, stored);
        }
        Ok(())
    }

    /// Asks for single rows after `at` until one can be read.
    fn probe(&self, at: u64, until: u64) -> Option<(u64, Option<Stored>)> {
        let sql = "SELECT number, event, hash, source, id, item FROM events WHERE number = ?";
        (at + 1..=until).find_map(|number| self.connection.query_row(sql, [number as i64], stored).ok())
    }

    /// Gives every event with a number above `after`, in order.
    fn read(&self, after: u64, each: &mut dyn FnMut(u64, Statement<'_>)) -> Result<Recovery> {
        let mut recovery = Recovery::default();
        let mut number = after;
        // The hash that the next event builds on; absent where it is lost.
        let mut hash = match after {
            0 => Some(chain::START),
            _ => None,
        };
        self.rows(after, &mut |found, stored| {
            let mut found = found;
            if found != number + 1
                && let (Some(hash), Some(stored)) = (&hash, &stored)
                && check(stored, Some(hash)).is_ok()
            {
                let reason = format!("its row has the number {found}");
                let position = format!("event {}", number + 1);
                recovery.note(Damage { position, after: number, lost: 0, reason });
                found = number + 1;
            }
            if found > number + 1 {
                let reason = format!("{} missing", range(number + 1, found - 1));
                let position = format!("event {}", number + 1);
                recovery.note(Damage { position, after: number, lost: found - number - 1, reason });
                hash = None;
            }
            let mut lose = |reason: String| {
                recovery.note(Damage { position: format!("event {found}"), after: number, lost: 1, reason });
            };
            let said = match &stored {
                None => Err("it can't be read".to_owned()),
                Some(stored) => check(stored, hash.as_ref()),
            };
            match said {
                Err(reason) => lose(reason),
                Ok(said) => {
                    each(found, said);
                    recovery.events += 1;
                }
            }
            hash = stored.map(|stored| stored.hash);
            number = number.max(found);
        })?;
        recovery.number = number;
        Ok(recovery)
    }
}

/// A row of the table.
struct Stored {
    line: String,
    hash: Hash,
    source: String,
    id: String,
    item: String,
}

/// A row and its number; None where its columns hold what they never should.
fn stored(row: &Row<'_>) -> rusqlite::Result<(u64, Option<Stored>)> {
    let number = row.get::<_, i64>(0)? as u64;
    let read = || -> rusqlite::Result<Stored> {
        let (line, hash) = (row.get(1)?, row.get(2)?);
        Ok(Stored { line, hash, source: row.get(3)?, id: row.get(4)?, item: row.get(5)? })
    };
    Ok((number, read().ok()))
}

fn last(connection: &Connection) -> rusqlite::Result<(u64, Hash)> {
    let sql = "SELECT number, hash FROM events WHERE number > 0 ORDER BY number DESC LIMIT 1";
    let last = connection.query_row(sql, [], |row| Ok((row.get::<_, i64>(0)? as u64, row.get(1)?)));
    Ok(last.optional()?.unwrap_or((0, chain::START)))
}

/// The highest number that a row can have.
const MOST: u64 = i64::MAX as u64;

impl Store for Sqlite {
    fn append(&mut self, events: &[Event]) -> Result<()> {
        self.check_writable()?;
        let (mut number, mut hash) = self.find_end()?;
        let found = (number, hash);
        // The events would get numbers that are none.
        if number > MOST - events.len() as u64 {
            let reason =
                "no number is left for further events: somebody has given the last one a number of their own";
            return Err(storage(&self.path, Some(format!("event {number}")), reason));
        }
        let mut append = || -> rusqlite::Result<bool> {
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            if last(&transaction)? != found {
                return Ok(false);
            }
            let sql = "INSERT INTO events (number, source, id, item, event, hash) VALUES (?, ?, ?, ?, ?, ?)";
            let mut insert = transaction.prepare_cached(sql)?;
            for event in events {
                let line = event_to_json(event);
                hash = chain::next(&hash, line.as_bytes());
                number += 1;
                insert.execute(params![number as i64, event.source, event.id, event.item, line, hash])?;
            }
            drop(insert);
            transaction.commit()?;
            Ok(true)
        };
        match append() {
            Ok(true) => {}
            Ok(false) => {
                let reason = "somebody else has written to it: open it again";
                return Err(storage(&self.path, Some(format!("event {}", found.0)), reason));
            }
            Err(error) => return Err(failed(&self.path, "the events can't be appended", &error)),
        }
        self.end = Some((number, hash));
        if self.durability == Durability::EachAppend {
            return Ok(());
        }
        self.waiting += events.len() as u64;
        if self.durability.is_due(self.waiting) { self.sync() } else { Ok(()) }
    }

    fn sync(&mut self) -> Result<()> {
        self.check_writable()?;
        if self.waiting == 0 {
            return Ok(());
        }
        let number = self.find_end()?.0;
        // A commit with this setting makes everything before it safe too.
        let sync = || {
            self.connection.pragma_update(None, "synchronous", "full")?;
            let sql = "REPLACE INTO synced (one, number) VALUES (1, ?)";
            let synced = self.connection.execute(sql, [number as i64]);
            self.connection.pragma_update(None, "synchronous", "normal")?;
            synced.map(drop)
        };
        let synced = sync().map_err(|error| failed(&self.path, "can't be made safe", &error));
        self.broken = synced.is_err();
        synced?;
        self.waiting = 0;
        Ok(())
    }

    fn replay(&mut self, after: u64, each: &mut dyn FnMut(u64, Event)) -> Result<Recovery> {
        self.read(after, &mut |number, said| each(number, said.into_event()))
    }

    fn load(&mut self, stream: &mut ValueStream, number: &mut u64) -> Result<Recovery> {
        let after = *number;
        let mut loading = Loading::new(stream, number);
        let read = self.read(after, &mut |given, said| loading.take(given, said.into_owned()));
        loading.done(read)
    }

    fn verify(&mut self, noted: Option<&Seal>) -> Result<Audit> {
        let mut auditor = Auditor::new(noted);
        self.rows(0, &mut |number, stored| {
            let place = format_args!("event {number}");
            match stored {
                Some(stored) => {
                    auditor.event(place, number, stored.hash, stored.line.as_bytes());
                    if let Err(reason) = check(&stored, None) {
                        auditor.fault(place.to_string(), 0, reason);
                    }
                }
                None => auditor.lost(place, number),
            }
        })?;
        // What else a database consists of: pages and indices.
        let check = || -> rusqlite::Result<Vec<String>> {
            let mut check = self.connection.prepare("PRAGMA integrity_check(100)")?;
            let lines = check.query_map([], |row| row.get(0))?;
            lines.collect()
        };
        match check() {
            Ok(lines) => lines.into_iter().filter(|line| line != "ok").for_each(|line| {
                auditor.fault("the database", 0, line);
            }),
            Err(error) => auditor.fault("the database", 0, error.to_string()),
        }
        Ok(auditor.finish())
    }

    fn compact(&mut self) -> Result<()> {
        self.check_writable()?;
        let compact = || {
            self.connection.execute_batch("VACUUM")?;
            self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        };
        compact().map_err(|error| failed(&self.path, "can't be compacted", &error))
    }

    fn seal(&mut self) -> Result<Seal> {
        let (number, hash) = self.find_end()?;
        Ok(Seal { number, hash: chain::hex(&hash) })
    }
}

/// What a row says, if it is what was written.
fn check<'s>(stored: &'s Stored, previous: Option<&Hash>) -> std::result::Result<Statement<'s>, String> {
    if previous.is_some_and(|previous| chain::next(previous, stored.line.as_bytes()) != stored.hash) {
        return Err("it is not what was written: its hash is another one".into());
    }
    let said = Statement::from_json(&stored.line).map_err(|error| error.to_string())?;
    let row = (stored.source.as_str(), stored.id.as_str(), stored.item.as_str());
    if (&*said.source, &*said.id, &*said.item) != row {
        return Err("its source, id and item are not those of the row".into());
    }
    Ok(said)
}

fn beside_wal(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// The address of a database that nobody changes while it is open.
fn unchanging(path: &Path) -> String {
    let path = path.to_string_lossy();
    let path: String = path.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    format!("file:{path}?immutable=1")
}

fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::SystemIoFailure))
        || matches!(error, rusqlite::Error::InvalidColumnType(..) | rusqlite::Error::Utf8Error(..))
}

fn failed(path: &Path, what: &str, error: &rusqlite::Error) -> Error {
    storage(path, None, format!("{what}: {error}"))
}

#[cfg(test)]
mod tests;
