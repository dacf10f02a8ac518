//! Prints when a release ships, and why not today.
fn main() {}
