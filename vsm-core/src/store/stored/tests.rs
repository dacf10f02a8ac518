use std::cell::RefCell;
use std::rc::Rc;

use super::StoredStream;
use crate::error::{Error, Result};
use crate::model::Event;
use crate::store::{Audit, Recovery, Seal, Store};
use crate::stream::Applied;

/// A store in memory that fails when it is told to.
#[derive(Clone, Default)]
struct Shelf {
    events: Rc<RefCell<Vec<Event>>>,
    full: Rc<RefCell<bool>>,
    /// How many events can be read before it fails; absent = all.
    readable: Rc<RefCell<Option<usize>>>,
}

impl Store for Shelf {
    fn append(&mut self, events: &[Event]) -> Result<()> {
        if *self.full.borrow() {
            return Err(Error::Storage { path: "shelf".into(), position: None, reason: "full".into() });
        }
        self.events.borrow_mut().extend_from_slice(events);
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        Ok(())
    }

    fn replay(&mut self, after: u64, each: &mut dyn FnMut(u64, Event)) -> Result<Recovery> {
        let events = self.events.borrow().clone();
        let most = self.readable.borrow().unwrap_or(events.len());
        (1..).zip(events).take(most).skip(after as usize).for_each(|(number, event)| each(number, event));
        if self.readable.borrow().is_some() {
            return Err(Error::Storage { path: "shelf".into(), position: None, reason: "unreadable".into() });
        }
        Ok(Recovery { number: self.events.borrow().len() as u64, ..Recovery::default() })
    }

    fn verify(&mut self, _: Option<&Seal>) -> Result<Audit> {
        Ok(Audit::default())
    }

    fn compact(&mut self) -> Result<()> {
        Ok(())
    }

    fn seal(&mut self) -> Result<Seal> {
        Ok(Seal { number: self.events.borrow().len() as u64, hash: String::new() })
    }
}

fn event(id: &str, item: &str) -> Event {
    Event::new("t", id, "2026-03-02T09:00:00Z".parse().unwrap(), item)
}

#[test]
fn what_is_accepted_is_kept_once_and_nothing_else() {
    let shelf = Shelf::default();
    let (mut stored, recovery) = StoredStream::open(shelf.clone()).unwrap();
    assert!(recovery.is_whole());
    assert_eq!(stored.apply(event("1", "t:a")).unwrap(), Applied::Accepted);
    assert_eq!(stored.apply(event("1", "t:a")).unwrap(), Applied::Duplicate);
    assert_eq!(stored.apply(event("1", "t:b")).unwrap_err().code(), "conflict");
    let report = stored.apply_batch([event("2", ""), event("3", "t:c")]).unwrap();
    assert_eq!((report.accepted, report.refused.len()), (1, 1));
    stored
        .call("apply", r#"{"source":"t","id":"4","occurred_at":"2026-03-02T09:00:00Z","item":"t:d"}"#)
        .unwrap();
    assert_eq!(
        shelf.events.borrow().iter().map(|event| event.id.clone()).collect::<Vec<_>>(),
        ["1", "3", "4"]
    );
    let (again, _) = StoredStream::open(shelf).unwrap();
    assert_eq!(again.to_snapshot(), stored.to_snapshot());
}

#[test]
fn what_was_read_before_reading_failed_is_not_written_again() {
    let shelf = Shelf::default();
    let (mut reader, _) = StoredStream::open(shelf.clone()).unwrap();
    let events: Vec<Event> = ["1", "2", "3"].map(|id| event(id, "t:a")).into();
    shelf.events.borrow_mut().extend(events.clone());
    *shelf.readable.borrow_mut() = Some(2);
    assert_eq!(reader.catch_up().unwrap_err().code(), "storage");
    assert_eq!(reader.event_count(), 2);
    reader.save().unwrap();
    assert_eq!(shelf.events.borrow().len(), 3, "nothing was added");
    // What could not be read then comes once it can.
    *shelf.readable.borrow_mut() = None;
    let recovery = reader.catch_up().unwrap();
    assert_eq!((recovery.number, recovery.duplicates, reader.event_count()), (3, 0, 3));
    reader.apply(event("4", "t:a")).unwrap();
    assert_eq!(shelf.events.borrow().len(), 4);
}

#[test]
fn what_the_store_did_not_take_comes_first_the_next_time() {
    let shelf = Shelf::default();
    let (mut stored, _) = StoredStream::open(shelf.clone()).unwrap();
    stored.apply(event("1", "t:a")).unwrap();
    *shelf.full.borrow_mut() = true;
    assert_eq!(stored.apply(event("2", "t:a")).unwrap_err().code(), "storage");
    // Nothing more is taken, so that what waits stays one call's events; nor is the event called a duplicate.
    assert_eq!(stored.apply(event("3", "t:a")).unwrap_err().code(), "storage");
    assert_eq!(stored.apply(event("2", "t:a")).unwrap_err().code(), "storage");
    assert_eq!(stored.history("t:a").unwrap().len(), 2);
    *shelf.full.borrow_mut() = false;
    assert_eq!(stored.apply(event("2", "t:a")).unwrap(), Applied::Duplicate);
    assert_eq!(shelf.events.borrow().len(), 2);
    stored.save().unwrap();
    assert_eq!(stored.seal().unwrap().number, 2);
}
