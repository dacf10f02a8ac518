//! The journal's bytes: frames, and how to find them again in a damaged file.
//!
//! A file begins with [`PROLOGUE`]; after it come frames, one an event, without gaps:
//!
//! | bytes | what |
//! |---|---|
//! | 1 | `F5`, which occurs in no UTF-8 text: here a frame may begin |
//! | 1 | `J`: the payload is the event's JSON line; `P`: its packed form |
//! | 4 | length of the payload |
//! | 8 | number of the event, from 1 |
//! | 4 | CRC-32 of the payload |
//! | 32 | the event's hash in the chain |
//! | 4 | CRC-32 of all of the above |
//! | … | the payload |
//!
//! Numbers are little-endian. The head has a checksum of its own, so that a damaged payload costs its own event and
//! nothing else: its length can still be trusted. Where a head is damaged, the next one is looked for byte by byte.

use std::io::{self, Read};

use super::chain::Hash;

pub(super) const JSON: u8 = b'J';
pub(super) const PACKED: u8 = b'P';

const MARK: u8 = 0xf5;
pub(super) const HEAD: usize = 54;
/// No payload is longer, so that no damaged length makes anybody reserve more.
const LONGEST: u32 = 64 << 20;
/// No number is higher, so that there is always a next one.
const HIGHEST: u64 = u64::MAX >> 1;
const CHUNK: usize = 256 << 10;

const NAME: &[u8; 12] = b"vsm journal\n";
/// The version of the layout that this engine writes.
pub(super) const VERSION: u32 = 1;
/// How many bytes a file begins with before its first frame.
pub(super) const PROLOGUE: usize = 20;

/// The first bytes of a file: a name, the version, and their checksum.
pub(super) fn prologue(version: u32) -> [u8; PROLOGUE] {
    let mut bytes = [0; PROLOGUE];
    let (head, crc) = bytes.split_at_mut(PROLOGUE - 4);
    let (name, number) = head.split_at_mut(NAME.len());
    name.copy_from_slice(NAME);
    number.copy_from_slice(&version.to_le_bytes());
    crc.copy_from_slice(&crc32fast::hash(head).to_le_bytes());
    bytes
}

/// What the first bytes of a file say.
#[derive(Debug, PartialEq)]
pub(super) enum Opening {
    /// A file of this version.
    Ours,
    /// Nothing, or a beginning that was not written to its end: no event can have followed.
    Unborn,
    /// A file of a later version.
    Newer(u32),
    /// Something else, or a damaged beginning.
    Unreadable,
}

pub(super) fn opening(bytes: &[u8]) -> Opening {
    let ours = prologue(VERSION);
    if bytes.len() < PROLOGUE {
        return if ours.starts_with(bytes) { Opening::Unborn } else { Opening::Unreadable };
    }
    let mut rest = bytes;
    let (Some(name), Some(version)) = (take::<12>(&mut rest), take::<4>(&mut rest)) else {
        return Opening::Unreadable;
    };
    let version = u32::from_le_bytes(version);
    if name != *NAME || bytes.get(..PROLOGUE) != Some(&prologue(version)) {
        Opening::Unreadable
    } else if version > VERSION {
        Opening::Newer(version)
    } else if version == VERSION {
        Opening::Ours
    } else {
        Opening::Unreadable
    }
}

/// The head of a frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) kind: u8,
    pub(super) length: u32,
    pub(super) number: u64,
    crc: u32,
    pub(super) hash: Hash,
}

/// Adds a frame to some bytes.
pub(super) fn put(out: &mut Vec<u8>, kind: u8, number: u64, hash: &Hash, payload: &[u8]) -> io::Result<()> {
    let length = u32::try_from(payload.len()).ok().filter(|length| *length <= LONGEST);
    let length = length.ok_or_else(|| {
        io::Error::other(format!("the event is {} bytes long, more than {LONGEST}", payload.len()))
    })?;
    let start = out.len();
    out.reserve(HEAD + payload.len());
    out.extend_from_slice(&[MARK, kind]);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&number.to_le_bytes());
    out.extend_from_slice(&crc32fast::hash(payload).to_le_bytes());
    out.extend_from_slice(hash);
    let crc = crc32fast::hash(out.get(start..).unwrap_or_default());
    out.extend_from_slice(&crc.to_le_bytes());
    out.extend_from_slice(payload);
    Ok(())
}

fn head(bytes: &[u8]) -> Option<Head> {
    let (covered, rest) = bytes.split_at_checked(HEAD - 4)?;
    if covered.first() != Some(&MARK) {
        return None;
    }
    let crc = u32::from_le_bytes(*rest.first_chunk()?);
    if crc32fast::hash(covered) != crc {
        return None;
    }
    let mut rest = covered;
    let [_, kind] = take(&mut rest)?;
    let length = u32::from_le_bytes(take(&mut rest)?);
    let number = u64::from_le_bytes(take(&mut rest)?);
    let crc = u32::from_le_bytes(take(&mut rest)?);
    let hash = take(&mut rest)?;
    (length <= LONGEST && number <= HIGHEST).then_some(Head { kind, length, number, crc, hash })
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*head)
}

/// What comes next in a file.
#[derive(Debug)]
pub(super) enum Step<'a> {
    /// A whole frame, and where it begins.
    Frame(u64, Head, &'a [u8]),
    /// So many bytes from here on are no frame; its head, if that is still whole.
    Damage(u64, u64, Option<Head>),
    /// So many bytes at the end are the beginning of a frame whose writing was broken off.
    Torn(u64, u64),
    /// The end.
    End,
}

/// Reads frames one after the other. Holds one chunk of the file, or one frame if that is longer.
pub(super) struct Scanner<R> {
    input: R,
    buffer: Vec<u8>,
    /// What of the buffer has been dealt with.
    start: usize,
    /// Where in the file `start` is.
    position: u64,
    at_end: bool,
}

impl<R: Read> Scanner<R> {
    /// Reads from here on, which is `position` in the file.
    pub(super) fn new(input: R, position: u64) -> Scanner<R> {
        Scanner { input, buffer: Vec::new(), start: 0, position, at_end: false }
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    fn advance(&mut self, by: usize) {
        self.start += by;
        self.position += by as u64;
    }

    /// Has at least so many bytes at hand, if the file has them.
    fn fill(&mut self, wanted: usize) -> io::Result<bool> {
        while self.rest().len() < wanted && !self.at_end {
            if self.start > 0 {
                self.buffer.drain(..self.start);
                self.start = 0;
            }
            // A length may be wrong: no more is reserved than was really there, twice over.
            let step = wanted.saturating_sub(self.buffer.len()).min(self.buffer.len()).max(CHUNK) as u64;
            self.at_end = self.input.by_ref().take(step).read_to_end(&mut self.buffer)? == 0;
        }
        Ok(self.rest().len() >= wanted)
    }

    pub(super) fn step(&mut self) -> io::Result<Step<'_>> {
        let from = self.position;
        let mut zeros = true;
        let found = loop {
            if !self.fill(HEAD)? {
                break None;
            }
            if let Some(head) = head(self.rest()) {
                break Some(head);
            }
            let rest = self.rest();
            // The last bytes may be the beginning of a head whose end is not at hand yet.
            let next = rest.iter().skip(1).position(|byte| *byte == MARK).map_or(rest.len(), |n| n + 1);
            zeros &= rest.iter().take(next).all(|byte| *byte == 0);
            self.advance(next);
        };
        let skipped = self.position - from;
        let Some(head) = found else {
            let left = self.rest().len();
            zeros &= self.rest().iter().all(|byte| *byte == 0);
            self.advance(left);
            let length = self.position - from;
            return Ok(match (length, skipped) {
                (0, _) => Step::End,
                // A file that was made longer before its bytes arrived ends with zeros.
                (_, 0) => Step::Torn(from, length),
                _ if zeros => Step::Torn(from, length),
                _ => Step::Damage(from, length, None),
            });
        };
        if skipped > 0 {
            return Ok(Step::Damage(from, skipped, None));
        }
        let whole = HEAD + head.length as usize;
        if !self.fill(whole)? {
            let left = self.rest().len();
            self.advance(left);
            return Ok(Step::Torn(from, left as u64));
        }
        self.advance(whole);
        let payload = self.buffer.get(self.start - whole + HEAD..self.start).unwrap_or_default();
        if crc32fast::hash(payload) != head.crc {
            return Ok(Step::Damage(from, whole as u64, Some(head)));
        }
        Ok(Step::Frame(from, head, payload))
    }
}

#[cfg(test)]
mod tests {
    use super::{HEAD, Opening, PROLOGUE, Scanner, Step, opening, prologue, put};

    fn frames(payloads: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (n, payload) in payloads.iter().enumerate() {
            put(&mut bytes, b'J', n as u64 + 1, &[n as u8; 32], payload).unwrap();
        }
        bytes
    }

    fn steps(bytes: &[u8]) -> Vec<String> {
        let mut scanner = Scanner::new(bytes, 0);
        let mut all = Vec::new();
        loop {
            all.push(match scanner.step().unwrap() {
                Step::Frame(at, head, payload) => format!("{at}: {} of {}", head.number, payload.len()),
                Step::Damage(at, bytes, head) => {
                    format!("{at}: damage of {bytes}, {:?}", head.map(|head| head.number))
                }
                Step::Torn(at, bytes) => format!("{at}: torn, {bytes}"),
                Step::End => return all,
            });
        }
    }

    #[test]
    fn what_was_put_is_found() {
        let long = vec![b'x'; 600_000];
        assert_eq!(steps(&frames(&[b"one", b"", &long])), ["0: 1 of 3", "57: 2 of 0", "111: 3 of 600000"]);
    }

    #[test]
    fn a_damaged_head_or_payload_costs_its_own_frame() {
        let whole = frames(&[b"one", b"two", b"three"]);
        for at in 57..114 {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            let number = if at < 57 + HEAD { "None" } else { "Some(2)" };
            assert_eq!(
                steps(&bytes),
                ["0: 1 of 3".to_owned(), format!("57: damage of 57, {number}"), "114: 3 of 5".into()],
                "byte {at}"
            );
        }
    }

    #[test]
    fn an_end_that_was_not_written_is_torn() {
        let whole = frames(&[b"one", b"two"]);
        for end in 58..whole.len() {
            assert_eq!(steps(&whole[..end]), ["0: 1 of 3".to_owned(), format!("57: torn, {}", end - 57)]);
        }
        let mut zeros = frames(&[b"one"]);
        zeros.resize(1_000_000, 0);
        assert_eq!(steps(&zeros), ["0: 1 of 3", "57: torn, 999943"]);
    }

    #[test]
    fn a_wrong_length_reserves_nothing() {
        let mut bytes = Vec::new();
        put(&mut bytes, b'J', 1, &[0; 32], &vec![0; 50_000_000]).unwrap();
        bytes.truncate(100);
        let mut scanner = Scanner::new(&*bytes, 0);
        assert!(matches!(scanner.step().unwrap(), Step::Torn(0, 100)));
        assert!(scanner.buffer.capacity() < 2_000_000, "{}", scanner.buffer.capacity());
        assert!(put(&mut Vec::new(), b'J', 1, &[0; 32], &vec![0; 70_000_000]).is_err());
    }

    #[test]
    fn no_frame_has_the_last_number() {
        let mut bytes = frames(&[b"one"]);
        put(&mut bytes, b'J', u64::MAX, &[0; 32], b"two").unwrap();
        put(&mut bytes, b'J', 2, &[0; 32], b"three").unwrap();
        assert_eq!(steps(&bytes), ["0: 1 of 3", "57: damage of 57, None", "114: 2 of 5"]);
    }

    #[test]
    fn a_file_says_what_it_is() {
        let ours = prologue(1);
        assert_eq!(opening(&ours), Opening::Ours);
        assert!((0..PROLOGUE).all(|end| opening(&ours[..end]) == Opening::Unborn));
        assert_eq!(opening(&prologue(2)), Opening::Newer(2));
        assert_eq!(opening(b"SQLite format 3\0 and so on"), Opening::Unreadable);
        assert_eq!(opening(b"{}"), Opening::Unreadable);
    }
}
