//! How the subjects of CDEvents are named here.

use super::payload::Reference;
use crate::error::Result;
use crate::ingest::{LONGEST_KEY, check_key};

/// An item that is no other tool's: `cdevents:build:/ci#build-7`.
pub(super) fn item(subject: &str, source: &str, id: &str) -> String {
    format!("cdevents:{subject}:{source}#{id}")
}

/// The item of another subject; none where there is no reference.
pub(super) fn referred(
    subject: &str,
    field: &str,
    to: Option<&Reference<'_>>,
    source: &str,
) -> Result<Option<String>> {
    let Some(to) = to else { return Ok(None) };
    let Some(id) = to.id.get() else { return Ok(None) };
    check_key(field, Some(id))?;
    let source = to.source.get().unwrap_or(source);
    check_key(field, Some(source))?;
    Ok(Some(if subject == "change" { change(source, id) } else { item(subject, source, id) }))
}

/// A change is a commit where its id is a whole hash, and a request to change something otherwise.
pub(super) fn change(source: &str, id: &str) -> String {
    let is_hash = matches!(id.len(), 40 | 64) && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hash { super::super::git::item(&id.to_ascii_lowercase()) } else { item("change", source, id) }
}

/// What an artifact is known by.
pub(super) struct Artifact<'a> {
    /// The name as it was written, a package URL as a rule.
    pub(super) name: &'a str,
    /// `sha256:…`, where the name states it.
    pub(super) digest: Option<String>,
}

impl<'a> Artifact<'a> {
    pub(super) fn read(field: &str, name: &'a str) -> Result<Artifact<'a>> {
        check_key(field, Some(name))?;
        Ok(Artifact { name, digest: digest(name) })
    }

    /// The same digest is the same thing in whichever registry; else the package URL is the name.
    pub(super) fn item(&self) -> String {
        match &self.digest {
            Some(digest) => digest.clone(),
            None if is_purl(self.name) => self.name.to_owned(),
            None => format!("cdevents:artifact:{}", self.name),
        }
    }

    /// The package URL, where the item goes by the digest.
    pub(super) fn alias(&self) -> Option<String> {
        (self.digest.is_some() && is_purl(self.name)).then(|| self.name.to_owned())
    }

    /// Whether the name stays with one artifact: it has a digest or a version, and not one that is built over and over.
    pub(super) fn is_pinned(&self) -> bool {
        let version = is_purl(self.name).then(|| self.name.split_once('@')).flatten();
        let version = version.map(|(_, rest)| rest.split(['?', '#']).next().unwrap_or(rest));
        self.digest.is_some() || version.is_some_and(|version| !version.ends_with("-SNAPSHOT"))
    }
}

fn is_purl(name: &str) -> bool {
    name.starts_with("pkg:")
}

/// The digest that an artifact's name states: by itself, as the version of a package URL, or as its checksum.
fn digest(name: &str) -> Option<String> {
    if !is_purl(name) {
        return as_digest(name);
    }
    let (path, rest) = name.split_once('?').unwrap_or((name, ""));
    let version = path.split_once('@').map(|(_, version)| version.split('#').next().unwrap_or(version));
    let qualifiers = rest.split('#').next().unwrap_or(rest).split('&');
    let checksums = qualifiers.filter_map(|one| one.strip_prefix("checksum=")).flat_map(|all| all.split(','));
    version.into_iter().chain(checksums).find_map(as_digest)
}

fn as_digest(text: &str) -> Option<String> {
    if text.len() > LONGEST_KEY {
        return None;
    }
    let text = text.replace("%3A", ":").replace("%3a", ":").to_ascii_lowercase();
    let (algorithm, hex) = text.split_once(':')?;
    let length = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return None,
    };
    (hex.len() == length && hex.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(text)
}
