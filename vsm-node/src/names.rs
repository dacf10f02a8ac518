//! Names of fields that are data: those that an event clears. A script that sets `dueAt` clears `dueAt`.

use crate::generated::RENAMED;

pub(crate) fn to_js(name: String) -> String {
    RENAMED.iter().find(|(core, _)| *core == name).map_or(name, |(_, js)| (*js).to_owned())
}

/// The core's own names stand for the same: they are what JSON and every document say.
pub(crate) fn read(names: Option<Vec<String>>) -> Vec<String> {
    let to_core =
        |name| RENAMED.iter().find(|(_, js)| *js == name).map_or(name, |(core, _)| (*core).to_owned());
    names.unwrap_or_default().into_iter().map(to_core).collect()
}
