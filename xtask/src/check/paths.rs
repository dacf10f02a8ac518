//! The paths that a Rust source names: `crate::model::Item`, `std::fs`, each with its line.
//!
//! A small reader of tokens, not a parser: it knows comments, texts and `use` groups, which is all that paths need.

/// A path as written, with the groups of a `use` spelled out: `use std::{fs, env}` names `std::fs` and `std::env`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NamedPath {
    pub(super) line: usize,
    pub(super) segments: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    /// `::`
    Join,
    Other(char),
}

/// Every path outside comments, texts and `#[cfg(test)]` modules. A single name counts as one only after `use`.
pub(super) fn paths(source: &str) -> Vec<NamedPath> {
    let tokens = without_test_modules(tokens(source));
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let used = at > 0 && tokens[at - 1].1 == Token::Word("use".to_owned());
        let mut read = Vec::new();
        at = read_path(&tokens, at, &[], &mut read).max(at + 1);
        found.extend(read.into_iter().filter(|path| used || path.segments.len() > 1));
    }
    found
}

/// Reads the path that starts at `at`, below `before`, and gives the place after it.
fn read_path(
    tokens: &[(usize, Token)],
    mut at: usize,
    before: &[String],
    found: &mut Vec<NamedPath>,
) -> usize {
    let mut segments = before.to_vec();
    let Some(&(line, _)) = tokens.get(at) else { return at };
    loop {
        match tokens.get(at).map(|token| &token.1) {
            Some(Token::Word(word)) => {
                segments.push(word.clone());
                at += 1;
            }
            Some(Token::Other('*')) if !segments.is_empty() => at += 1,
            Some(Token::Other('{')) if !segments.is_empty() => {
                return read_group(tokens, at + 1, &segments, found);
            }
            // A leading `::` and what is no path at all.
            _ => break,
        }
        if tokens.get(at).map(|token| &token.1) != Some(&Token::Join) {
            break;
        }
        at += 1;
    }
    if !segments.is_empty() {
        found.push(NamedPath { line, segments });
    }
    at
}

/// Reads `a, b::c, d}` after its opening brace.
fn read_group(
    tokens: &[(usize, Token)],
    mut at: usize,
    before: &[String],
    found: &mut Vec<NamedPath>,
) -> usize {
    while let Some((_, token)) = tokens.get(at) {
        match token {
            Token::Other('}') => return at + 1,
            Token::Other(',') => at += 1,
            // The new name after `as` is no path.
            Token::Word(word) if word == "as" => at += 2,
            _ => at = read_path(tokens, at, before, found).max(at + 1),
        }
    }
    at
}

/// Drops `#[cfg(test)] mod name { … }`: tests may use what the code they test must not.
fn without_test_modules(tokens: Vec<(usize, Token)>) -> Vec<(usize, Token)> {
    let attribute: Vec<Token> = tokens_of("#[cfg(test)] mod");
    let is_start = |at: usize| {
        attribute.iter().enumerate().all(|(k, token)| tokens.get(at + k).is_some_and(|t| t.1 == *token))
    };
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if is_start(at) {
            at = end_of_block(&tokens, at + attribute.len());
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// The place after the block that opens next, or after the `;` that comes before it.
fn end_of_block(tokens: &[(usize, Token)], mut at: usize) -> usize {
    let mut depth = 0;
    while let Some((_, token)) = tokens.get(at) {
        at += 1;
        match token {
            Token::Other('{') => depth += 1,
            Token::Other('}') => depth -= 1,
            Token::Other(';') if depth == 0 => return at,
            _ => continue,
        }
        if depth == 0 {
            return at;
        }
    }
    at
}

fn tokens_of(source: &str) -> Vec<Token> {
    tokens(source).into_iter().map(|token| token.1).collect()
}

fn tokens(source: &str) -> Vec<(usize, Token)> {
    let mut found = Vec::new();
    let mut line = 1;
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let length = skipped(rest).unwrap_or_else(|| {
            let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let (token, length) = match first {
                _ if word > 0 => (Token::Word(rest[..word].to_owned()), word),
                ':' if rest.starts_with("::") => (Token::Join, 2),
                _ => (Token::Other(first), first.len_utf8()),
            };
            if !matches!(token, Token::Other(c) if c.is_whitespace()) {
                found.push((line, token));
            }
            length
        });
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    found
}

/// The length of the comment, text or character that the source starts with.
fn skipped(source: &str) -> Option<usize> {
    let to =
        |end: &str, from: usize| source[from..].find(end).map_or(source.len(), |at| from + at + end.len());
    if source.starts_with("//") {
        return Some(to("\n", 0));
    }
    if source.starts_with("/*") {
        return Some(block_comment(source));
    }
    let raw = source.strip_prefix('b').unwrap_or(source);
    if let Some(hashes) = raw.strip_prefix('r') {
        let count = hashes.len() - hashes.trim_start_matches('#').len();
        if hashes[count..].starts_with('"') {
            let start = source.len() - hashes.len() + count + 1;
            return Some(to(&format!("\"{}", "#".repeat(count)), start));
        }
    }
    if source.starts_with('"') {
        return Some(text(source, '"'));
    }
    // `'a'` and `'\n'` are characters, `'a` is a lifetime.
    let mut characters = source.strip_prefix('\'')?.chars();
    let first = characters.next()?;
    (first == '\\' || characters.next() == Some('\'')).then(|| text(source, '\''))
}

/// The length of a text up to its unescaped closing quote.
fn text(source: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in source.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return at + quote.len_utf8(),
            _ => {}
        }
    }
    source.len()
}

/// The length of a block comment, which may hold others.
fn block_comment(source: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < source.len() {
        let rest = &source[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    source.len()
}

#[cfg(test)]
mod tests {
    use super::paths;

    fn named(source: &str) -> Vec<String> {
        paths(source).into_iter().map(|path| format!("{}:{}", path.line, path.segments.join("::"))).collect()
    }

    #[test]
    fn groups_are_spelled_out() {
        let source =
            "use std::{fs, io::{self, Read as R}, env};\nuse crate::model::*;\nuse petgraph as pg;\n";
        let expected =
            ["1:std::fs", "1:std::io::self", "1:std::io::Read", "1:std::env", "2:crate::model", "3:petgraph"];
        assert_eq!(named(source), expected);
    }

    #[test]
    fn paths_in_code_count_and_those_in_comments_and_texts_do_not() {
        let source = "//! use crate::a::A;\n/* crate::b /* crate::c */ crate::d */\nlet x = crate::graph::Graph::<crate::id::Id>::new();\nlet s = \"crate::e\"; let r = r#\"crate::f \" crate::g\"#;\nlet c = '\"'; let l: &'static str = crate::h::X;";
        assert_eq!(named(source), ["3:crate::graph::Graph", "3:crate::id::Id", "5:crate::h::X"]);
    }

    #[test]
    fn test_modules_are_left_out() {
        let source = "use crate::a::A;\n#[cfg(test)]\nmod tests {\n use std::fs;\n fn f() { crate::b::c(); }\n}\n#[cfg(test)] mod more;\nuse crate::z::Z;";
        assert_eq!(named(source), ["1:crate::a::A", "8:crate::z::Z"]);
    }
}
