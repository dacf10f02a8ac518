//! Texts in pictures: what may stand there, how wide it is, and how it is written.

use crate::time::printable;

/// The longest text that stands whole in a tooltip or description, in characters.
pub(super) const LONGEST: usize = 200;

/// A text from outside as one line of at most so many characters that no parser or renderer can take for anything else.
pub(super) fn line(text: &str, most: usize) -> String {
    let mut chars = text.chars();
    let mut kept: String =
        chars.by_ref().take(most).map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    if chars.next().is_some() {
        kept.truncate(kept.trim_end().len());
        kept.push('…');
    }
    // XML has no way at all to write the last two.
    printable(kept.trim()).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

/// The name of something for people: its title, or its id where it has none.
pub(super) fn name(title: &str, id: &str, most: usize) -> String {
    let title = line(title, most);
    if title.is_empty() { line(id, most) } else { title }
}

/// As the content of an XML element or the value of its attribute.
pub(super) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// How wide a text is about, in pixels, in a sans-serif font of this size. Which font a reader has nobody knows here, so the
/// estimate is on the wide side.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(em).sum::<f64>() * size
}

fn em(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | '(' | ')' | '[' | ']' | ' '
        | 't' | 'f' | 'r' | '-' | '/' => 0.37,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.95,
        'A'..='Z' => 0.7,
        '\u{0}'..='\u{24f}' => 0.6,
        // Marks that combine with the character before, and what holds characters together or chooses their form.
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200d}' | '\u{fe00}'..='\u{fe0f}' => 0.0,
        '\u{1f3fb}'..='\u{1f3ff}' => 0.0,
        '\u{250}'..='\u{10ff}' | '\u{1200}'..='\u{2e7f}' => 0.75,
        // Ideographs, syllables and pictures.
        _ => 1.1,
    }
}

/// The beginning of a text that fits, with an ellipsis where it is cut.
pub(super) fn fit(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let mut used = width("…", size);
    let mut kept = String::new();
    for c in text.chars() {
        used += em(c) * size;
        if used > room {
            break;
        }
        kept.push(c);
    }
    kept.truncate(kept.trim_end_matches([' ', '\u{200d}']).len());
    kept.push('…');
    kept
}
