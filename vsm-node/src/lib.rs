//! The Node.js binding: conversion, threading and documentation, no logic of its own.
//!
//! ```text
//! stream.rs     the class                 store.rs      what it does with files
//! calendar.rs   the functions             schedule.rs   networks of activities
//! picture.rs    pictures of them
//! generated.rs  the records, questions.rs and asked.rs what is asked: written by vsm-mirror
//! js.rs         reading arguments         batch.rs      reading arrays of events
//! date.rs       instants                  map.rs        texts to values
//! names.rs      field names that are data
//! task.rs       promises                  run.rs        files and who listens
//! error.rs      what is thrown
//! ```
//!
//! Arguments are read by [`js::FromJs`] and not by napi's own conversion: that one wraps numbers out of range,
//! knows no path to what is wrong, gives up on `null`, and aborts on an array that only claims to be long.

pub mod asked;
pub mod batch;
pub mod calendar;
mod columns;
pub mod date;
pub mod error;
pub mod generated;
pub mod js;
pub mod live;
pub mod map;
mod names;
pub mod picture;
pub mod questions;
pub mod run;
pub mod schedule;
pub mod store;
pub mod stream;
pub mod task;
