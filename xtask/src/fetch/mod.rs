//! What is fetched from the public registries, each kind in the way of its own client.

pub(crate) mod cargo_tool;
pub(crate) mod debian;
pub(crate) mod npm;
