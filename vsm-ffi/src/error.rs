//! The core's errors as classes of each host language.

use std::fmt;

use vsm_core::Error;

/// Why a question could not be answered or an event could not be taken.
///
/// Each kind has its stable `code` and the `message`: one sentence that names the offending thing and says what to do.
#[derive(Debug, uniffi::Error)]
#[uniffi::export(Display)]
pub enum VsmError {
    /// An id that no event has named.
    UnknownItem {
        /// `unknown_item`
        code: String,
        /// The sentence for people.
        message: String,
        /// The id as it was asked for.
        id: String,
    },
    /// A link that would make an item wait for itself.
    Cycle {
        /// `cycle`
        code: String,
        /// The sentence for people.
        message: String,
        /// The items of the cycle in the order "each needs the next"; the first one is repeated at the end.
        path: Vec<String>,
    },
    /// A value that is out of its range or contradicts another one.
    Invalid {
        /// `invalid`
        code: String,
        /// The sentence for people.
        message: String,
        /// The field, as it is spelled in JSON.
        field: String,
    },
    /// A zone that the IANA time zone database does not have.
    UnknownZone {
        /// `unknown_zone`
        code: String,
        /// The sentence for people.
        message: String,
        /// The zone as it was given.
        zone: String,
    },
    /// Text that is not the document it should be.
    Document {
        /// `document`
        code: String,
        /// The sentence for people.
        message: String,
        /// Where: "line 3, column 14" or "byte 120".
        position: String,
    },
    /// An event id that was used before with other content, or an alias that another item already has.
    Conflict {
        /// `conflict`
        code: String,
        /// The sentence for people.
        message: String,
        /// The id that is claimed twice.
        id: String,
    },
    /// An attempt to change a view of the past.
    ReadOnly {
        /// `read_only`
        code: String,
        /// The sentence for people.
        message: String,
    },
    /// A date further away than a calendar reaches.
    Horizon {
        /// `horizon`
        code: String,
        /// The sentence for people.
        message: String,
        /// What could not be placed.
        what: String,
    },
    /// A store that can't be opened, read or written, such as one on a full disk.
    Storage {
        /// `storage`
        code: String,
        /// The sentence for people.
        message: String,
        /// The file.
        path: String,
        /// Where in it: "byte 120" or "event 7"; absent where it is about the whole file.
        position: Option<String>,
    },
    /// A kind of error that this binding has no class for; its code tells.
    Other {
        /// The stable code.
        code: String,
        /// The sentence for people.
        message: String,
    },
}

impl VsmError {
    /// A host's instant that the engine has no room for.
    pub(crate) fn out_of_range() -> VsmError {
        Error::Invalid { field: "instant".into(), reason: "the year must be between 1 and 9999".into() }
            .into()
    }

    fn parts(&self) -> (&str, &str) {
        match self {
            VsmError::UnknownItem { code, message, .. }
            | VsmError::Cycle { code, message, .. }
            | VsmError::Invalid { code, message, .. }
            | VsmError::UnknownZone { code, message, .. }
            | VsmError::Document { code, message, .. }
            | VsmError::Conflict { code, message, .. }
            | VsmError::ReadOnly { code, message }
            | VsmError::Horizon { code, message, .. }
            | VsmError::Storage { code, message, .. }
            | VsmError::Other { code, message } => (code, message),
        }
    }
}

#[uniffi::export]
impl VsmError {
    /// The stable code of this kind of error, the same in every language.
    pub fn code(&self) -> String {
        self.parts().0.to_owned()
    }
}

impl fmt::Display for VsmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.parts().1)
    }
}

impl std::error::Error for VsmError {}

/// What a host throws from where it is called.
impl From<uniffi::UnexpectedUniFFICallbackError> for VsmError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> VsmError {
        VsmError::Other { code: "callback".into(), message: error.reason }
    }
}

impl From<Error> for VsmError {
    fn from(error: Error) -> VsmError {
        let (code, message) = (error.code().to_owned(), error.to_string());
        match error {
            Error::UnknownItem { id } => VsmError::UnknownItem { code, message, id },
            Error::Cycle { path } => VsmError::Cycle { code, message, path },
            Error::Invalid { field, reason: _ } => VsmError::Invalid { code, message, field },
            Error::UnknownZone { zone } => VsmError::UnknownZone { code, message, zone },
            Error::Document { position, reason: _ } => VsmError::Document { code, message, position },
            Error::Conflict { id, reason: _ } => VsmError::Conflict { code, message, id },
            Error::ReadOnly => VsmError::ReadOnly { code, message },
            Error::Horizon { what, around: _ } => VsmError::Horizon { code, message, what },
            Error::Storage { path, position, reason: _ } => {
                VsmError::Storage { code, message, path, position }
            }
            _ => VsmError::Other { code, message },
        }
    }
}
