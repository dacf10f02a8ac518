//! What can go wrong, once, for every language.

use crate::time::Instant;

/// Why a question could not be answered or an event could not be taken.
///
/// Every kind has one stable [`code`](Error::code); bindings build their own hierarchies on these codes. The
/// message is one sentence that names the offending thing and says what to do.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An id that no event has named.
    #[error("no item \"{id}\" is known: check the id, or apply the events that declare it first")]
    UnknownItem {
        /// The id as it was asked for.
        id: String,
    },
    /// Links that make an item wait for itself: one that is to be added, or those that held together at a past time.
    #[error("the link closes a cycle: {}; remove one of these links first", path.join(" needs "))]
    Cycle {
        /// The items of the cycle in the order "each needs the next"; the first one is repeated at the end.
        path: Vec<String>,
    },
    /// A value that is out of its range or contradicts another one.
    #[error("{field}: {reason}")]
    Invalid {
        /// The field, as it is spelled in JSON.
        field: String,
        /// What is wrong with it, and what is expected.
        reason: String,
    },
    /// A zone that the IANA time zone database does not have.
    #[error("unknown time zone \"{zone}\": use an IANA name such as \"Europe/Zurich\" or \"UTC\"")]
    UnknownZone {
        /// The zone as it was given.
        zone: String,
    },
    /// Text that is not the document it should be.
    #[error("{reason} (at {position})")]
    Document {
        /// Where: "line 3, column 14" or "byte 120".
        position: String,
        /// What is wrong there.
        reason: String,
    },
    /// An event id that was used before with other content, or an alias of what can't be the same item.
    #[error("\"{id}\" {reason}")]
    Conflict {
        /// The id that is claimed twice.
        id: String,
        /// By what it is claimed.
        reason: String,
    },
    /// An attempt to change a view of the past.
    #[error("this is a view as of an earlier time and can't take events: apply them to the stream itself")]
    ReadOnly,
    /// A date further away than a calendar reaches.
    #[error(
        "{what} lies beyond the calendar's horizon around {around}: the calendar has no working time left for it"
    )]
    Horizon {
        /// What could not be placed.
        what: String,
        /// The instant that the calendar was prepared for.
        around: Instant,
    },
    /// A store that can't be opened, read or written, such as one on a full disk.
    #[error("{path}: {reason}{}", position.as_ref().map(|at| format!(" (at {at})")).unwrap_or_default())]
    Storage {
        /// The file.
        path: String,
        /// Where in it: "byte 120" or "event 7"; absent where it is about the whole file.
        position: Option<String>,
        /// What is wrong, and what to do.
        reason: String,
    },
}

impl Error {
    /// The stable code of this kind of error, the same in every language.
    ///
    /// ```
    /// let error = vsm_core::Error::UnknownItem { id: "jira:CHK-1".into() };
    /// assert_eq!(error.code(), "unknown_item");
    /// ```
    pub fn code(&self) -> &'static str {
        match self {
            Error::UnknownItem { .. } => "unknown_item",
            Error::Cycle { .. } => "cycle",
            Error::Invalid { .. } => "invalid",
            Error::UnknownZone { .. } => "unknown_zone",
            Error::Document { .. } => "document",
            Error::Conflict { .. } => "conflict",
            Error::ReadOnly => "read_only",
            Error::Horizon { .. } => "horizon",
            Error::Storage { .. } => "storage",
        }
    }

    /// All codes, for bindings that build one exception class for each.
    pub const CODES: [&'static str; 9] = [
        "unknown_item",
        "cycle",
        "invalid",
        "unknown_zone",
        "document",
        "conflict",
        "read_only",
        "horizon",
        "storage",
    ];

    /// The error with the place of the record whose field it names.
    pub(crate) fn within(self, place: &str) -> Error {
        match self {
            Error::Invalid { field, reason } => Error::Invalid { field: format!("{place}.{field}"), reason },
            other => other,
        }
    }

    pub(crate) fn invalid(field: &str, reason: impl Into<String>) -> Error {
        Error::Invalid { field: field.into(), reason: reason.into() }
    }
}

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;
