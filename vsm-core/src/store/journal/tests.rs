use std::io::{self, Write};

use super::super::chain;
use super::super::frame::{Scanner, Step};
use super::{Medium, Tail};
use crate::model::Event;
use crate::store::Durability;

/// A file on a disk with so much room.
struct Disk {
    bytes: Vec<u8>,
    room: usize,
    can_cut: bool,
    can_sync: bool,
}

impl Disk {
    fn new(room: usize) -> Disk {
        Disk { bytes: Vec::new(), room, can_cut: true, can_sync: true }
    }
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A few bytes at a time, so that a write is broken off in the middle.
        let some = bytes.len().min(self.room - self.bytes.len()).min(50);
        self.bytes.extend_from_slice(&bytes[..some]);
        if some == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(some) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Medium for Disk {
    fn cut(&mut self, length: u64) -> io::Result<()> {
        if !self.can_cut {
            return Err(io::Error::other("no"));
        }
        self.bytes.truncate(length as usize);
        Ok(())
    }

    fn make_safe(&mut self) -> io::Result<()> {
        if self.can_sync { Ok(()) } else { Err(io::Error::other("no")) }
    }
}

fn event(n: usize) -> Event {
    Event::new("t", n.to_string(), "2026-03-02T09:00:00Z".parse().unwrap(), "t:item")
}

fn numbers(bytes: &[u8]) -> Vec<u64> {
    let mut scanner = Scanner::new(bytes, 0);
    let mut found = Vec::new();
    loop {
        match scanner.step().unwrap() {
            Step::Frame(_, head, _) => found.push(head.number),
            Step::End => return found,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_full_disk_takes_an_append_whole_or_not_at_all() {
    let frame = {
        let mut tail = Tail::new(Disk::new(usize::MAX), 0, 0, chain::START);
        tail.append(&[event(1)], Durability::ByHost).unwrap();
        tail.medium.bytes.len()
    };
    for room in 0..5 * frame {
        let mut tail = Tail::new(Disk::new(room), 0, 0, chain::START);
        let mut kept = 0;
        for pair in 0..3 {
            match tail.append(&[event(2 * pair + 1), event(2 * pair + 2)], Durability::EachAppend) {
                Ok(()) => kept += 2,
                Err(error) => {
                    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
                    break;
                }
            }
        }
        assert!(kept < 6, "there was room for all of it");
        let expected: Vec<u64> = (1..=kept).collect();
        assert_eq!(numbers(&tail.medium.bytes), expected, "room for {room} bytes");
        // Somebody makes room, and it goes on where it was.
        tail.medium.room = usize::MAX;
        tail.append(&[event(9)], Durability::EachAppend).unwrap();
        assert_eq!(numbers(&tail.medium.bytes), (1..=kept + 1).collect::<Vec<u64>>());
    }
}

#[test]
fn nothing_follows_what_nobody_knows() {
    let mut tail = Tail::new(Disk::new(300), 0, 0, chain::START);
    tail.append(&[event(1)], Durability::ByHost).unwrap();
    tail.medium.can_cut = false;
    assert!(tail.append(&[event(2), event(3)], Durability::ByHost).is_err());
    tail.medium.room = usize::MAX;
    let error = tail.append(&[event(2)], Durability::ByHost).unwrap_err();
    assert!(error.to_string().contains("open it again"), "{error}");

    let mut tail = Tail::new(Disk::new(usize::MAX), 0, 0, chain::START);
    tail.medium.can_sync = false;
    assert!(tail.append(&[event(1)], Durability::EachAppend).is_err());
    tail.medium.can_sync = true;
    let error = tail.sync().unwrap_err();
    assert!(error.to_string().contains("open it again"), "{error}");
}

#[test]
fn it_is_made_safe_when_it_was_agreed() {
    let waiting = |durability: Durability| {
        let mut tail = Tail::new(Disk::new(usize::MAX), 0, 0, chain::START);
        let after = |n| {
            tail.append(&[event(n), event(n + 1)], durability).unwrap();
            tail.waiting
        };
        [1, 3, 5].map(after)
    };
    assert_eq!(waiting(Durability::EachAppend), [0, 0, 0]);
    assert_eq!(waiting(Durability::Every(4.try_into().unwrap())), [2, 0, 2]);
    assert_eq!(waiting(Durability::ByHost), [2, 4, 6]);
}
