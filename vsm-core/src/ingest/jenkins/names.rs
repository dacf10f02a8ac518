//! Which run of which job a payload speaks of.

use std::borrow::Cow;

use super::super::check_key;
use crate::error::{Error, Result};
use crate::time::Instant;

/// One run of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RunId {
    /// The full name with folders.
    pub(super) job: String,
    pub(super) number: i64,
}

impl RunId {
    pub(super) fn new(job: impl Into<String>, number: i64) -> Result<RunId> {
        let job = job.into();
        check_key("job", Some(&job))?;
        Ok(RunId { job, number })
    }

    /// `job#31`, of which all ids are made.
    pub(super) fn key(&self) -> String {
        format!("{}#{}", self.job, self.number)
    }

    pub(super) fn item(&self) -> String {
        format!("jenkins:{}", self.key())
    }

    /// `…/job/folder/job/name/31/` → that run; with or without a host, a prefix or a slash in front.
    pub(super) fn of_url(field: &str, url: &str) -> Result<RunId> {
        let path = url.split(['?', '#']).next().unwrap_or(url).trim_end_matches('/');
        let number = path.rsplit('/').next().and_then(|last| last.parse().ok()).filter(|number| *number >= 0);
        let job = number.and_then(|number| job_of_url(url, number));
        match (job, number) {
            (Some(job), Some(number)) => RunId::new(job, number),
            _ => Err(Error::invalid(field, "is no path of a run such as /job/folder/job/name/31/")),
        }
    }
}

/// `https://host/job/folder/job/name/31/` → `folder/name`. Names are percent-decoded once, as Jenkins does.
pub(super) fn job_of_url(url: &str, number: i64) -> Option<Cow<'static, str>> {
    let url = url.split(['?', '#']).next().unwrap_or(url).trim_end_matches('/');
    let path = url.strip_suffix(&number.to_string())?.strip_suffix('/')?;
    job_of_path(path)
}

/// `https://host/job/folder/job/name` → `folder/name`; a path without a host may begin with `job/`.
pub(super) fn job_of_path(path: &str) -> Option<Cow<'static, str>> {
    let path = path.trim_end_matches('/');
    let jobs = path.strip_prefix("job/").or_else(|| path.split_once("/job/").map(|(_, jobs)| jobs))?;
    let names: Vec<String> = jobs.split("/job/").map(percent_decoded).collect();
    Some(names.join("/").into())
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = |digit: &u8| char::from(*digit).to_digit(16);
        if let [b'%', high, low, after @ ..] = rest
            && let (Some(high), Some(low)) = (hex(high), hex(low))
        {
            bytes.push((high * 16 + low) as u8);
            rest = after;
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Milliseconds by the API's documentation, however small they are.
pub(super) fn instant(field: &str, millis: Option<i64>) -> Result<Instant> {
    millis
        .and_then(Instant::from_millis)
        .ok_or_else(|| Error::invalid(field, "the year must be between 1 and 9999"))
}
