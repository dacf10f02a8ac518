//! The values of fields, read from text.

use std::borrow::Cow;
use std::fmt::Display;

use chrono::format::{Item, Parsed, StrftimeItems, parse};

use super::TableMapping;
use crate::error::{Error, Result};
use crate::ingest::IngestOptions;
use crate::ingest::timestamp::Stamps;
use crate::model::{Booking, Boundary, Decision, Fields, FlowState, Outcome, ReleaseState, Severity};
use crate::time::{HOUR, Instant, MINUTE, Span, clip};

/// Reads text as the mapping says that it is written.
pub(super) struct Reader {
    stamps: Stamps,
    dates: Option<String>,
    decimal_comma: bool,
    hours_per_day: f64,
}

/// Fields that take any text.
pub(super) fn is_text(name: &str) -> bool {
    matches!(
        name,
        "title"
            | "description"
            | "status"
            | "status_id"
            | "assignee"
            | "priority"
            | "version"
            | "tag"
            | "stage"
            | "reason"
    )
}

/// The engine's own word, whatever its case, spaces and hyphens.
pub(super) fn word<T: Display>(
    called: &str,
    text: &str,
    from_word: fn(&str) -> Option<T>,
    all: &[T],
) -> Result<T> {
    let plain = || from_word(&text.to_lowercase().replace([' ', '-'], "_"));
    // Most write it as the engine does.
    from_word(text).or_else(plain).ok_or_else(|| Error::invalid(called, none_of(text, all)))
}

/// Yes or no, in the words and numbers of spreadsheets.
fn flag(called: &str, text: &str) -> Result<bool> {
    match text.trim().to_lowercase().as_str() {
        "true" | "yes" | "y" | "1" => Ok(true),
        "false" | "no" | "n" | "0" => Ok(false),
        _ => Err(Error::invalid(called, format!("\"{}\" is neither true nor false", clip(text)))),
    }
}

pub(super) fn none_of<T: Display>(text: &str, all: &[T]) -> String {
    let all: Vec<String> = all.iter().map(ToString::to_string).collect();
    format!("\"{}\" is none of {}: say in words which one it stands for", clip(text), all.join(", "))
}

impl Reader {
    pub(super) fn new(mapping: &TableMapping, options: &IngestOptions) -> Result<Reader> {
        if let Some(dates) = &mapping.dates
            && StrftimeItems::new(dates).any(|item| matches!(item, Item::Error))
        {
            let reason =
                format!("\"{}\" is not written in the signs of strftime, such as %d.%m.%Y", clip(dates));
            return Err(Error::invalid("mapping.dates", reason));
        }
        let hours_per_day = mapping.hours_per_day.unwrap_or(24.0);
        if !(hours_per_day > 0.0 && hours_per_day <= 24.0) {
            return Err(Error::invalid("mapping.hours_per_day", "must be above 0 and at most 24"));
        }
        Ok(Reader {
            stamps: Stamps::new(options)?,
            dates: mapping.dates.clone(),
            decimal_comma: mapping.decimal_comma,
            hours_per_day,
        })
    }

    /// Sets one field; what is fixed in the mapping itself is written as the engine writes it.
    pub(super) fn set(
        &self,
        fields: &mut Fields,
        name: &str,
        called: &str,
        text: &str,
        fixed: bool,
    ) -> Result<()> {
        let owned = || Some(text.to_owned());
        let start = || self.instant(called, text, fixed).map(Some);
        let last = || self.last_instant(called, text, fixed).map(Some);
        match name {
            "title" => fields.title = owned(),
            "description" => fields.description = owned(),
            "state" => fields.state = Some(word(called, text, FlowState::from_word, FlowState::ALL)?),
            "lifecycle" => {
                fields.lifecycle = Some(word(called, text, ReleaseState::from_word, ReleaseState::ALL)?);
            }
            "status" => fields.status = owned(),
            "status_id" => fields.status_id = owned(),
            "assignee" => fields.assignee = owned(),
            "priority" => fields.priority = owned(),
            "severity" => fields.severity = Some(word(called, text, Severity::from_word, Severity::ALL)?),
            "version" => fields.version = owned(),
            "tag" => fields.tag = owned(),
            "starts_at" => fields.starts_at = start()?,
            "ends_at" => fields.ends_at = self.end(called, text, fixed).map(Some)?,
            "due_at" => fields.due_at = last()?,
            "needed_by" => fields.needed_by = last()?,
            "asked_at" => fields.asked_at = start()?,
            "expires_at" => fields.expires_at = last()?,
            "released_at" => fields.released_at = start()?,
            "baseline_at" => fields.baseline_at = start()?,
            "estimate" => fields.estimate = self.span(called, text).map(Some)?,
            "remaining" => fields.remaining = self.span(called, text).map(Some)?,
            "value" => fields.value = self.number(called, text).map(Some)?,
            "size" => fields.size = self.number(called, text).map(Some)?,
            "capacity" => fields.capacity = Some(self.count(called, text)?),
            "shared" => fields.shared = Some(flag(called, text)?),
            "stage" => fields.stage = owned(),
            "result" => fields.result = Some(word(called, text, Outcome::from_word, Outcome::ALL)?),
            "decision" => fields.decision = Some(word(called, text, Decision::from_word, Decision::ALL)?),
            "reason" => fields.reason = owned(),
            "boundary" => fields.boundary = Some(word(called, text, Boundary::from_word, Boundary::ALL)?),
            "booking" => fields.booking = Some(word(called, text, Booking::from_word, Booking::ALL)?),
            "overridden_by" => fields.overridden_by = owned(),
            "override_reason" => fields.override_reason = owned(),
            "tests" => fields.tests = json(called, text)?,
            "cadence" => fields.cadence = json(called, text)?,
            "calendar" => fields.calendar = json(called, text)?,
            _ => return Err(Error::invalid(called, "this field can't be mapped")),
        }
        Ok(())
    }

    /// A time; a day alone is its start.
    pub(super) fn instant(&self, called: &str, text: &str, fixed: bool) -> Result<Instant> {
        let text = self.iso(called, text, fixed)?;
        if self.stamps.is_day(&text) {
            self.stamps.day(called, &text)
        } else {
            self.stamps.text(called, &text)
        }
    }

    /// A time; a day alone is its last millisecond.
    fn last_instant(&self, called: &str, text: &str, fixed: bool) -> Result<Instant> {
        let text = self.iso(called, text, fixed)?;
        if self.stamps.is_day(&text) {
            self.stamps.day_end(called, &text)
        } else {
            self.stamps.text(called, &text)
        }
    }

    /// The first instant after something; a day alone belongs to it.
    fn end(&self, called: &str, text: &str, fixed: bool) -> Result<Instant> {
        let iso = self.iso(called, text, fixed)?;
        if !self.stamps.is_day(&iso) {
            return self.stamps.text(called, &iso);
        }
        Ok(Instant::clamped(self.stamps.day_end(called, &iso)?.millis().saturating_add(1)))
    }

    /// The text in the form that [`Stamps`] reads.
    fn iso<'t>(&self, called: &str, text: &'t str, fixed: bool) -> Result<Cow<'t, str>> {
        let Some(dates) = self.dates.as_deref().filter(|_| !fixed) else { return Ok(text.into()) };
        let read = || {
            let mut parsed = Parsed::new();
            parse(&mut parsed, text.trim(), StrftimeItems::new(dates)).ok()?;
            let day = parsed.to_naive_date().ok()?;
            let Ok(time) = parsed.to_naive_time() else { return Some(day.to_string()) };
            let offset = match parsed.to_fixed_offset() {
                Ok(offset) => offset.to_string(),
                Err(_) => String::new(),
            };
            Some(format!("{day}T{time}{offset}"))
        };
        read().map(Cow::Owned).ok_or_else(|| {
            Error::invalid(called, format!("\"{}\" is not a time written as {}", clip(text), clip(dates)))
        })
    }

    fn number(&self, called: &str, text: &str) -> Result<f64> {
        let (decimal, group) = if self.decimal_comma { (',', '.') } else { ('.', ',') };
        let read = || {
            let (sign, digits) = match text.trim().strip_prefix(['-', '\u{2212}']) {
                Some(digits) => (-1.0, digits),
                None => (1.0, text.trim().trim_start_matches('+')),
            };
            // What other tools write of large and small numbers: 1.5E6.
            let (digits, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
            let exponent: i32 = exponent.parse().ok()?;
            let (whole, fraction) = digits.split_once(decimal).unwrap_or((digits, ""));
            let groups: Vec<&str> =
                whole.split([group, '\'', '\u{2019}', ' ', '\u{a0}', '\u{202f}']).collect();
            let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            let (first, others) = groups.split_first()?;
            let grouped = others.is_empty() || (1..=3).contains(&first.len());
            let well = grouped && others.iter().all(|group| group.len() == 3);
            let some = !(first.is_empty() && fraction.is_empty());
            let plain = groups.concat();
            if !(well && some && all_digits(&plain) && all_digits(fraction)) {
                return None;
            }
            let number: f64 = format!("{plain}.{fraction}e{exponent}").parse().ok()?;
            (number.is_finite()).then_some(sign * number)
        };
        read().ok_or_else(|| {
            let example = if self.decimal_comma { "1.250,5" } else { "1,250.5" };
            Error::invalid(called, format!("\"{}\" is not a number such as {example}", clip(text)))
        })
    }

    fn count(&self, called: &str, text: &str) -> Result<u32> {
        let number = self.number(called, text)?;
        if number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number) {
            return Ok(number as u32);
        }
        Err(Error::invalid(called, format!("\"{}\" is not a whole number", clip(text))))
    }

    fn span(&self, called: &str, text: &str) -> Result<Span> {
        let text = text.trim();
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = text.strip_prefix(digits).unwrap_or_default().to_lowercase();
        let day = self.hours_per_day * HOUR as f64;
        let millis = match unit.as_str() {
            "m" | "min" => MINUTE as f64,
            "h" => HOUR as f64,
            "d" => day,
            "w" => 5.0 * day,
            _ => {
                let reason = format!(
                    "\"{}\" needs a unit, m, h, d or w: write it into the pattern, {{Days}}d",
                    clip(text)
                );
                return Err(Error::invalid(called, reason));
            }
        };
        let span = Span::from_millis((self.number(called, digits)? * millis).round() as i64);
        span.check(called)?;
        Ok(span)
    }
}

fn json<T: serde::de::DeserializeOwned>(called: &str, text: &str) -> Result<Option<T>> {
    serde_json::from_str(text).map(Some).map_err(|error| Error::invalid(called, error.to_string()))
}
