//! The JSON of CDEvents, of the CloudEvents that carry them and of the requests that carry these.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::super::loose::{List, Object, Scalar, Text};
use crate::error::{Error, Result};

/// A CDEvent in a CloudEvent in a request, and one more for a host that packs once too often.
pub(super) const DEEPEST: usize = 4;

/// A CDEvent, a CloudEvent or a request: they are told apart by what they hold.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Record<'a> {
    #[serde(borrow)]
    pub(super) context: Object<Context<'a>>,
    #[serde(borrow)]
    pub(super) subject: Object<Subject<'a>>,

    /// Of the CloudEvent.
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    data_base64: Text<'a>,

    /// Of a link that is sent by itself.
    #[serde(borrow, rename = "linkType")]
    pub(super) link_type: Text<'a>,
    #[serde(borrow, rename = "chainId")]
    pub(super) chain_id: Text<'a>,
    #[serde(borrow)]
    pub(super) timestamp: Scalar<'a>,
    #[serde(borrow)]
    from: Object<End<'a>>,
    #[serde(borrow)]
    to: Object<End<'a>>,
    #[serde(borrow)]
    end: Object<End<'a>>,
    #[serde(borrow)]
    source: Object<End<'a>>,
    #[serde(borrow)]
    target: Object<End<'a>>,

    #[serde(borrow)]
    headers: Option<&'a RawValue>,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
    #[serde(borrow, rename = "isBase64Encoded")]
    is_base64: Scalar<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Context<'a> {
    /// The name of `specversion` up to 0.4.
    #[serde(borrow)]
    pub(super) version: Text<'a>,
    #[serde(borrow)]
    pub(super) specversion: Text<'a>,
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) source: Text<'a>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) timestamp: Scalar<'a>,
    #[serde(borrow)]
    pub(super) chain_id: Text<'a>,
    #[serde(borrow)]
    pub(super) links: List<Object<EventLink<'a>>>,
}

/// A link to another event, whichever way it is drawn.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct EventLink<'a> {
    #[serde(borrow)]
    from: Object<End<'a>>,
    #[serde(borrow)]
    target: Object<End<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct End<'a> {
    #[serde(borrow)]
    context_id: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Subject<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) source: Text<'a>,
    #[serde(borrow)]
    pub(super) content: Object<Content<'a>>,
}

/// What the subjects say of themselves, all of them together: each name means the same wherever it occurs.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Content<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) description: Text<'a>,
    #[serde(borrow)]
    pub(super) uri: Text<'a>,
    /// The name of `uri` up to 0.4.
    #[serde(borrow)]
    pub(super) url: Text<'a>,
    #[serde(borrow)]
    pub(super) outcome: Text<'a>,
    #[serde(borrow)]
    pub(super) errors: Text<'a>,
    #[serde(borrow)]
    pub(super) severity: Text<'a>,
    #[serde(borrow)]
    pub(super) reason: Text<'a>,
    #[serde(borrow)]
    pub(super) user: Text<'a>,

    #[serde(borrow)]
    pub(super) artifact_id: Text<'a>,
    #[serde(borrow)]
    pub(super) sbom: Object<Named<'a>>,
    #[serde(borrow)]
    pub(super) signature: Text<'a>,
    #[serde(borrow)]
    pub(super) change: Object<Reference<'a>>,
    #[serde(borrow)]
    pub(super) repository: Object<Reference<'a>>,
    #[serde(borrow)]
    pub(super) environment: Object<Reference<'a>>,
    #[serde(borrow)]
    pub(super) service: Object<Reference<'a>>,

    #[serde(borrow)]
    pub(super) pipeline_name: Text<'a>,
    #[serde(borrow)]
    pub(super) task_name: Text<'a>,
    #[serde(borrow)]
    pub(super) pipeline_run: Object<Reference<'a>>,

    #[serde(borrow)]
    pub(super) test_case: Object<Named<'a>>,
    #[serde(borrow)]
    pub(super) test_suite: Object<Named<'a>>,
    #[serde(borrow)]
    pub(super) test_suite_run: Object<Reference<'a>>,
    #[serde(borrow)]
    pub(super) trigger: Object<Named<'a>>,

    #[serde(borrow, rename = "ticketURI")]
    pub(super) ticket_uri: Text<'a>,
    #[serde(borrow)]
    pub(super) summary: Text<'a>,
    #[serde(borrow)]
    pub(super) ticket_type: Text<'a>,
    #[serde(borrow)]
    pub(super) group: Text<'a>,
    #[serde(borrow)]
    pub(super) creator: Text<'a>,
    #[serde(borrow)]
    pub(super) assignees: List<Text<'a>>,
    #[serde(borrow)]
    pub(super) priority: Text<'a>,
    #[serde(borrow)]
    pub(super) labels: List<Text<'a>>,
    #[serde(borrow)]
    pub(super) milestone: Text<'a>,
    #[serde(borrow)]
    pub(super) resolution: Text<'a>,
    #[serde(borrow)]
    pub(super) updated_by: Text<'a>,

    #[serde(borrow)]
    pub(super) approval_details_url: Text<'a>,
    #[serde(borrow)]
    pub(super) resource_target_url: Text<'a>,
    #[serde(borrow)]
    pub(super) requestor: Text<'a>,
    #[serde(borrow)]
    pub(super) responder: Text<'a>,
    #[serde(borrow)]
    pub(super) decision: Text<'a>,
    #[serde(borrow)]
    pub(super) status: Text<'a>,
}

/// Another subject; without a source it is from where the event is from.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Reference<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) source: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Named<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) uri: Text<'a>,
}

impl Context<'_> {
    /// The ids of the events that this one names as what it comes after or belongs with, each once.
    pub(super) fn linked(&self) -> Vec<&str> {
        let links = self.links.0.iter().filter_map(|link| link.0.as_ref());
        let ids = links.flat_map(|link| [&link.from, &link.target]).filter_map(context_id);
        let mut seen = BTreeSet::new();
        ids.filter(|id| seen.insert(*id)).collect()
    }
}

fn context_id<'e>(end: &'e Object<End<'_>>) -> Option<&'e str> {
    end.0.as_ref()?.context_id.get()
}

impl<'a> Record<'a> {
    /// What is inside a CloudEvent or a request, as JSON; none where this is (or should be) the CDEvent itself.
    pub(super) fn inside(&self) -> Option<Result<Cow<'a, [u8]>>> {
        if self.context.0.is_some() {
            return None;
        }
        if let Some(text) = self.data_base64.get() {
            return Some(decoded("data_base64", text).map(Cow::Owned));
        }
        if let Some(data) = self.data {
            return Some(Ok(unquoted(data)));
        }
        let body = unquoted(self.body?);
        if self.is_base64.flag() == Some(true) {
            return Some(decoded("body", &String::from_utf8_lossy(&body)).map(Cow::Owned));
        }
        Some(Ok(body))
    }

    /// The events at the two ends of a link that is sent by itself.
    pub(super) fn ends(&self) -> Option<(&str, &str)> {
        let one = context_id(&self.from).or_else(|| context_id(&self.source))?;
        let other = [&self.to, &self.end, &self.target].into_iter().find_map(context_id)?;
        Some((one, other))
    }

    /// The type of event that a CloudEvent or the headers of a request announce.
    pub(super) fn announced(&self) -> Option<String> {
        self.kind.owned().or_else(|| header(self.headers?, "type"))
    }
}

/// JSON as it is, or the JSON that is in a text.
fn unquoted(json: &RawValue) -> Cow<'_, [u8]> {
    match serde_json::from_str::<String>(json.get()) {
        Ok(text) => text.into_bytes().into(),
        Err(_) => json.get().as_bytes().into(),
    }
}

/// A CloudEvents header by its name without the prefix, which is `ce-` in HTTP and `ce_` in Kafka. Hosts hand a header
/// over as a text or as a list of texts.
fn header(headers: &RawValue, wanted: &str) -> Option<String> {
    let headers: Map<String, Value> = serde_json::from_str(headers.get()).ok()?;
    headers.iter().find_map(|(name, value)| {
        let name = name.to_ascii_lowercase();
        let name = name.strip_prefix("ce-").or_else(|| name.strip_prefix("ce_"))?;
        let value = value.as_array().and_then(|list| list.first()).unwrap_or(value);
        (name == wanted).then(|| value.as_str().map(str::to_owned))?
    })
}

/// Base64 in either alphabet, padded or not.
fn decoded(field: &str, text: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0_u32, 0);
    for byte in text.trim_end().trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'\r' | b'\n' => continue,
            _ => return Err(Error::invalid(field, "is not base64")),
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    Ok(bytes)
}
