//! Streams with a store and without behind one type, as the bindings hold them.

use vsm_core::{AnyStream, Error, STORE_CALLS, Seal, StoreFormat, StoreOptions, ValueStream};

use crate::store::{Folder, event};

fn code<T>(result: vsm_core::Result<T>) -> (&'static str, String) {
    match result {
        Ok(_) => ("ok", String::new()),
        Err(error) => (error.code(), error.to_string()),
    }
}

fn options(format: StoreFormat) -> StoreOptions {
    StoreOptions { format: Some(format), ..StoreOptions::default() }
}

#[test]
fn it_is_opened_changed_closed_and_opened_again() {
    for format in StoreFormat::ALL {
        let folder = Folder::new();
        let path = folder.file("record");
        for (round, sync_every) in [None, Some(0), Some(3)].into_iter().enumerate() {
            let how = StoreOptions { sync_every, ..options(*format) };
            let mut stream = AnyStream::open(&path, &how).unwrap();
            assert_eq!(stream.recovery().unwrap().events, round as u64);
            stream.change(|stream| stream.apply(event(round as u64))).unwrap().unwrap();
            let again = AnyStream::open(&path, &how);
            assert!(code(again).1.contains("another writer"), "{format}");
            let seal = stream.seal().unwrap();
            assert_eq!(stream.verify(Some(&seal)).unwrap().faulty, 0);
            stream.compact().unwrap();
            stream.close().unwrap();
            stream.close().unwrap();
            assert_eq!(stream.stream().event_count(), round + 1);
            let closed = code(stream.change(|stream| stream.apply(event(9))));
            assert!(closed.0 == "storage" && closed.1.contains("it is closed"), "{closed:?}");
            assert_eq!(code(stream.seal()).0, "storage");
        }
    }
}

#[test]
fn a_reader_changes_nothing_and_catches_up() {
    for format in StoreFormat::ALL {
        let folder = Folder::new();
        let path = folder.file("record");
        let reading = StoreOptions { read_only: true, ..options(*format) };
        assert_eq!(code(AnyStream::open(&path, &reading)).0, "storage");
        let mut writer = AnyStream::open(&path, &options(*format)).unwrap();
        let mut reader = AnyStream::open(&path, &reading).unwrap();
        writer.change(|stream| stream.apply(event(1))).unwrap().unwrap();
        let refused = code(reader.change(|stream| stream.apply(event(2))));
        assert!(refused.0 == "storage" && refused.1.contains("without read_only"), "{refused:?}");
        assert_eq!(reader.stream().event_count(), 0, "what is refused is not in memory either");
        assert_eq!(reader.catch_up().unwrap().events, 1);
        assert_eq!(reader.stream().event_count(), 1);
        reader.close().unwrap();
    }
}

#[test]
fn without_a_store_there_is_nothing_to_do_with_it() {
    let mut stream = AnyStream::from(ValueStream::new());
    stream.change(|stream| stream.apply(event(1))).unwrap().unwrap();
    for name in STORE_CALLS {
        let error = stream.call(name, "{}").unwrap_err();
        assert!(matches!(&error, Error::Invalid { field, .. } if field == "store"), "{name}: {error}");
    }
}

#[test]
fn what_is_done_with_it_goes_by_name_too() {
    let folder = Folder::new();
    let mut stream = AnyStream::open(folder.file("record"), &StoreOptions::default()).unwrap();
    let apply = serde_json::to_string(&event(1)).unwrap();
    assert_eq!(stream.call("apply", &apply).unwrap(), r#"{"accepted":true}"#);
    assert_eq!(stream.call("items", "").unwrap(), r#"["t:1"]"#);
    let seal: Seal = serde_json::from_str(&stream.call("seal", "{}").unwrap()).unwrap();
    assert_eq!(seal.number, 1);
    let noted = serde_json::json!({ "seal": seal }).to_string();
    assert!(stream.call("verify", &noted).unwrap().contains(r#""faulty":0"#));
    let other = noted.replace(&seal.hash, &"0".repeat(64));
    assert!(stream.call("verify", &other).unwrap().contains(r#""faulty":1"#));
    for (name, arguments) in
        [("verify", r#"{"seel":1}"#), ("verify", r#"{"seal":1}"#), ("sync", r#"{"seal":1}"#)]
    {
        assert_eq!(code(stream.call(name, arguments)).0, "invalid", "{name} {arguments}");
    }
    assert_eq!(code(stream.call("sync", "{")).0, "document");
    for name in STORE_CALLS.iter().filter(|name| **name != "close") {
        stream.call(name, "{}").unwrap();
    }
    assert_eq!(stream.call("close", "").unwrap(), "null");
    assert_eq!(code(stream.call("apply", &apply)).0, "storage");
    assert_eq!(stream.call("items", "").unwrap(), r#"["t:1"]"#);
}

#[test]
fn the_other_format_is_refused_and_left_alone() {
    let folder = Folder::new();
    for (made, asked) in
        [(StoreFormat::Journal, StoreFormat::Sqlite), (StoreFormat::Sqlite, StoreFormat::Journal)]
    {
        let path = folder.file(made.as_str());
        let mut stream = AnyStream::open(&path, &options(made)).unwrap();
        stream.change(|stream| stream.apply(event(1))).unwrap().unwrap();
        stream.close().unwrap();
        drop(stream);
        assert_eq!(code(AnyStream::open(&path, &options(asked))).0, "storage");
        assert_eq!(AnyStream::open(&path, &options(made)).unwrap().stream().event_count(), 1);
    }
    let unknown = serde_json::from_str::<StoreOptions>(r#"{"durable":true}"#);
    assert!(unknown.unwrap_err().to_string().contains("durable"));
}

#[cfg(unix)]
#[test]
fn a_link_to_a_store_is_that_store() {
    for format in StoreFormat::ALL {
        let folder = Folder::new();
        let (real, link) = (folder.file("real"), folder.file("link"));
        let mut first = AnyStream::open(&real, &options(*format)).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let second = AnyStream::open(&link, &options(*format));
        assert!(code(second).1.contains("another writer"), "{format}");
        first.close().unwrap();
        // A compaction puts a new file where the old one was, and not where the link is.
        AnyStream::open(&link, &options(*format)).unwrap().compact().unwrap();
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink(), "{format}");
    }
}

/// What a store could not keep would block it for good, so it is refused before.
#[test]
fn an_event_that_is_too_long_for_a_store_is_refused() {
    let folder = Folder::new();
    let mut stream = AnyStream::open(folder.file("record"), &options(StoreFormat::Journal)).unwrap();
    let mut long = event(1);
    // Each of these bytes takes six in JSON.
    long.set.description = Some("\u{1}".repeat(10 << 20));
    assert_eq!(stream.change(|stream| stream.apply(long.clone())).unwrap().unwrap_err().code(), "invalid");
    long.set.description = Some("\u{1}".repeat((10 << 20) - 1000));
    stream.change(|stream| stream.apply(long)).unwrap().unwrap();
    assert_eq!(stream.seal().unwrap().number, 1);
}
