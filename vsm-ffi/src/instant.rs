//! Time across the border: both kinds of it as whole milliseconds, which every host converts without loss.

use vsm_core::{Instant, Span};

use crate::error::VsmError;

uniffi::custom_type!(
    /// A point in time in whole milliseconds, from year 1 to year 9999.
    Instant,
    i64,
    {
        remote,
        lower: |instant| instant.millis(),
        try_lift: |millis| Ok(Instant::from_millis(millis).ok_or_else(VsmError::out_of_range)?),
    }
);

uniffi::custom_type!(
    /// A length of time in milliseconds; it may be negative.
    Span,
    i64,
    {
        remote,
        lower: |span| span.millis(),
        try_lift: |millis| Ok(Span::from_millis(millis)),
    }
);
