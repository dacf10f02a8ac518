//! What crosses a language border, read out of the core's own source: its records and its enums.
//!
//! In the core `pub` means "exported" (the lint `unreachable_pub` holds that), so every public record found under
//! `vsm-core/src` is part of the API, with the few exceptions of [`NOT_MIRRORED`].

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Ident, Item, LitStr, Token, Visibility};

/// All records and enums, each in alphabetical order.
pub(crate) struct Api {
    pub(crate) records: Vec<Record>,
    pub(crate) enums: Vec<Enum>,
    /// In alphabetical order.
    pub(crate) questions: Vec<Question>,
    /// Those whose answer is kept up to date: an object of its own, which every binding writes by hand.
    pub(crate) kept: Vec<Question>,
    /// Functions that take a query and need no stream, in alphabetical order.
    pub(crate) functions: Vec<Question>,
    /// Functions that take nothing and list records, in alphabetical order.
    pub(crate) lists: Vec<Listing>,
}

/// A function without arguments that lists records.
pub(crate) struct Listing {
    pub(crate) name: String,
    pub(crate) doc: Vec<String>,
    pub(crate) record: String,
}

/// A method of `ValueStream` that takes a query and gives an answer or an error; bindings have it by the same name.
pub(crate) struct Question {
    pub(crate) name: String,
    pub(crate) doc: Vec<String>,
    /// The record that it takes.
    pub(crate) query: String,
    /// The record that it gives.
    pub(crate) answer: String,
}

/// A struct whose fields are all public.
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) doc: Vec<String>,
    /// In the order of declaration.
    pub(crate) fields: Vec<Field>,
    /// Whether a host hands it in; others only come out.
    pub(crate) input: bool,
    /// Whether it has a default as a whole, from which a host takes what it leaves out.
    pub(crate) default: bool,
}

pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) doc: Vec<String>,
    pub(crate) ty: Type,
    /// Whether a host may leave it out: it is an `Option`, or it has a default in JSON.
    pub(crate) optional: bool,
}

/// The only types that may cross a border.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Type {
    String,
    Bool,
    U32,
    U64,
    I64,
    F64,
    Instant,
    Span,
    /// A record or an enum.
    Named(String),
    Option(Box<Type>),
    List(Box<Type>),
    /// From text to this.
    Map(Box<Type>),
}

/// An enum whose values are words.
pub(crate) struct Enum {
    pub(crate) name: String,
    pub(crate) doc: Vec<String>,
    pub(crate) values: Vec<Value>,
}

pub(crate) struct Value {
    pub(crate) variant: String,
    pub(crate) word: String,
    pub(crate) doc: Vec<String>,
}

/// Functions that every binding writes by hand, beside an object that works as they do.
const BY_HAND: &[&str] = &["schedule"];

/// Records that no binding shows: hosts read and apply in one call and get an `IngestReport`.
const NOT_MIRRORED: &[&str] = &["Ingested"];

/// What functions take from a host, beside everything named `...Query`.
const ARGUMENTS: &[&str] = &[
    "Event",
    "IngestOptions",
    "CorrelationRules",
    "Calendar",
    "Cadence",
    "PictureOptions",
    "CriticalPath",
    "StoreOptions",
    "Seal",
    "NetworkChange",
];

impl Api {
    fn empty() -> Api {
        Api {
            records: Vec::new(),
            enums: Vec::new(),
            questions: Vec::new(),
            kept: Vec::new(),
            functions: Vec::new(),
            lists: Vec::new(),
        }
    }

    /// Reads every source file below a folder.
    pub(crate) fn read(folder: &Path) -> Result<Api, String> {
        let mut api = Api::empty();
        for file in sources(folder)? {
            let complain = |reason: String| format!("{}: {reason}", file.display());
            let text = fs::read_to_string(&file).map_err(|error| complain(error.to_string()))?;
            api.add_source(&text).map_err(|error| complain(error.to_string()))?;
        }
        api.complete()
    }

    fn add_source(&mut self, text: &str) -> syn::Result<()> {
        syn::parse_file(text)?.items.iter().try_for_each(|item| self.add_item(item, text))
    }

    fn complete(mut self) -> Result<Api, String> {
        self.records.sort_by(|a, b| a.name.cmp(&b.name));
        self.enums.sort_by(|a, b| a.name.cmp(&b.name));
        self.questions.sort_by(|a, b| a.name.cmp(&b.name));
        self.functions.sort_by(|a, b| a.name.cmp(&b.name));
        self.lists.sort_by(|a, b| a.name.cmp(&b.name));
        let records: BTreeSet<String> = self.records.iter().map(|record| record.name.clone()).collect();
        self.kept = self.questions.extract_if(.., |question| !records.contains(&question.answer)).collect();
        self.mark_inputs();
        self.check()?;
        Ok(self)
    }

    pub(crate) fn record(&self, name: &str) -> Option<&Record> {
        self.records.iter().find(|record| record.name == name)
    }

    /// Whether a record contains it; what none contains is an argument by itself.
    pub(crate) fn is_contained(&self, name: &str) -> bool {
        self.records.iter().flat_map(|record| &record.fields).any(|field| field.ty.named() == Some(name))
    }

    pub(crate) fn is_enum(&self, name: &str) -> bool {
        self.enums.iter().any(|found| found.name == name)
    }

    fn add_item(&mut self, item: &Item, text: &str) -> syn::Result<()> {
        match item {
            Item::Struct(found) if is_record(found) => {
                let default = has(&found.attrs, "serde", "default");
                let fields = found.fields.iter().map(|it| field(it, default)).collect::<syn::Result<_>>()?;
                self.add_record(found.ident.to_string(), doc(&found.attrs), fields, default);
            }
            Item::Impl(found) if found.trait_.is_none() && is_named(&found.self_ty, "ValueStream") => {
                let methods = found.items.iter().filter_map(|item| match item {
                    syn::ImplItem::Fn(method) => question(&method.vis, &method.attrs, &method.sig),
                    _ => None,
                });
                self.questions.extend(methods);
            }
            Item::Fn(found) if !BY_HAND.contains(&found.sig.ident.to_string().as_str()) => {
                self.functions.extend(question(&found.vis, &found.attrs, &found.sig));
                self.lists.extend(listing(found));
            }
            Item::Macro(found) if found.mac.path.is_ident("text_enum") => {
                self.enums.push(found.mac.parse_body()?);
            }
            Item::Macro(found) if found.mac.path.is_ident("fields") => {
                let mut fields = found.mac.parse_body::<MacroFields>()?.0;
                // The macro adds this one by itself.
                fields.push(Field {
                    name: "attributes".into(),
                    doc: doc_above(text, "pub attributes:"),
                    ty: Type::Map(Box::new(Type::String)),
                    optional: true,
                });
                self.add_record("Fields".into(), doc_above(text, "pub struct Fields"), fields, true);
            }
            _ => {}
        }
        Ok(())
    }

    fn add_record(&mut self, name: String, doc: Vec<String>, fields: Vec<Field>, default: bool) {
        if !NOT_MIRRORED.contains(&name.as_str()) {
            self.records.push(Record { name, doc, fields, input: false, default });
        }
    }

    /// What a host hands in, and everything inside.
    fn mark_inputs(&mut self) {
        let is_root = |name: &str| name.ends_with("Query") || ARGUMENTS.contains(&name);
        let mut open: Vec<String> =
            self.records.iter().map(|record| record.name.clone()).filter(|name| is_root(name)).collect();
        let mut inputs = BTreeSet::new();
        while let Some(name) = open.pop() {
            let Some(record) = self.record(&name) else { continue };
            open.extend(
                record
                    .fields
                    .iter()
                    .filter_map(|field| field.ty.named())
                    .filter(|n| !inputs.contains(*n))
                    .map(String::from),
            );
            inputs.insert(name);
        }
        for record in &mut self.records {
            record.input = inputs.contains(&record.name);
        }
    }

    /// Every name that a field or question mentions has to be known.
    fn check(&self) -> Result<(), String> {
        if let Some(list) = self.lists.iter().find(|list| self.record(&list.record).is_none()) {
            return Err(format!("{} lists {}, which is no public record", list.name, list.record));
        }
        for question in self.questions.iter().chain(&self.functions) {
            if let Some(name) =
                [&question.query, &question.answer].into_iter().find(|name| self.record(name).is_none())
            {
                return Err(format!("{} speaks of {name}, which is no public record", question.name));
            }
        }
        for record in &self.records {
            for field in &record.fields {
                if let Some(name) = field.ty.named()
                    && self.record(name).is_none()
                    && !self.is_enum(name)
                {
                    return Err(format!(
                        "{}.{} is a {name}, which is no public record or enum",
                        record.name, field.name
                    ));
                }
            }
        }
        Ok(())
    }
}

impl Type {
    /// The record or enum that this is or contains.
    pub(crate) fn named(&self) -> Option<&str> {
        match self {
            Type::Named(name) => Some(name),
            Type::Option(inner) | Type::List(inner) | Type::Map(inner) => inner.named(),
            _ => None,
        }
    }

    fn read(ty: &syn::Type) -> syn::Result<Type> {
        let unknown = || syn::Error::new_spanned(ty, "this type can't cross a language border");
        let syn::Type::Path(path) = ty else { return Err(unknown()) };
        let Some(last) = path.path.segments.last() else { return Err(unknown()) };
        let mut inner = match &last.arguments {
            syn::PathArguments::AngleBracketed(arguments) => arguments
                .args
                .iter()
                .filter_map(|argument| match argument {
                    syn::GenericArgument::Type(ty) => Some(Type::read(ty)),
                    _ => None,
                })
                .collect::<syn::Result<Vec<_>>>()?,
            _ => Vec::new(),
        };
        let last_inner = inner.pop().map(Box::new);
        match (last.ident.to_string().as_str(), last_inner, inner.as_slice()) {
            ("String", None, []) => Ok(Type::String),
            ("bool", None, []) => Ok(Type::Bool),
            ("u32", None, []) => Ok(Type::U32),
            ("u64", None, []) => Ok(Type::U64),
            ("i64", None, []) => Ok(Type::I64),
            ("f64", None, []) => Ok(Type::F64),
            ("Instant", None, []) => Ok(Type::Instant),
            ("Span", None, []) => Ok(Type::Span),
            ("Option", Some(inner), []) => Ok(Type::Option(inner)),
            ("Vec", Some(inner), []) => Ok(Type::List(inner)),
            ("BTreeMap", Some(inner), [Type::String]) => Ok(Type::Map(inner)),
            (name, None, []) if name.len() > 3 && name.starts_with(char::is_uppercase) => {
                Ok(Type::Named(name.into()))
            }
            _ => Err(unknown()),
        }
    }
}

/// Short and unambiguous, for `tests/api.json`: `instant`, `Kind?`, `[Event]`, `{u64}`.
impl std::fmt::Display for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Type::String => f.write_str("string"),
            Type::Bool => f.write_str("bool"),
            Type::U32 => f.write_str("u32"),
            Type::U64 => f.write_str("u64"),
            Type::I64 => f.write_str("i64"),
            Type::F64 => f.write_str("f64"),
            Type::Instant => f.write_str("instant"),
            Type::Span => f.write_str("span"),
            Type::Named(name) => f.write_str(name),
            Type::Option(inner) => write!(f, "{inner}?"),
            Type::List(inner) => write!(f, "[{inner}]"),
            Type::Map(inner) => write!(f, "{{{inner}}}"),
        }
    }
}

impl Parse for Enum {
    fn parse(input: ParseStream<'_>) -> syn::Result<Enum> {
        let attributes = input.call(Attribute::parse_outer)?;
        input.parse::<Token![pub]>()?;
        input.parse::<Token![enum]>()?;
        let name: Ident = input.parse()?;
        let body;
        syn::braced!(body in input);
        let values = body.parse_terminated(Value::parse, Token![,])?.into_iter().collect();
        Ok(Enum { name: name.to_string(), doc: doc(&attributes), values })
    }
}

impl Parse for Value {
    fn parse(input: ParseStream<'_>) -> syn::Result<Value> {
        let attributes = input.call(Attribute::parse_outer)?;
        let variant: Ident = input.parse()?;
        input.parse::<Token![=]>()?;
        let word: LitStr = input.parse()?;
        Ok(Value { variant: variant.to_string(), word: word.value(), doc: doc(&attributes) })
    }
}

/// The body of the core's `fields!`: `name: Type => Variant(Stored),`, each field optional.
struct MacroFields(Vec<Field>);

impl Parse for MacroFields {
    fn parse(input: ParseStream<'_>) -> syn::Result<MacroFields> {
        let one = |input: ParseStream<'_>| {
            let attributes = input.call(Attribute::parse_outer)?;
            let name: Ident = input.parse()?;
            input.parse::<Token![:]>()?;
            let ty: syn::Type = input.parse()?;
            input.parse::<Token![=>]>()?;
            input.parse::<Ident>()?;
            let stored;
            syn::parenthesized!(stored in input);
            stored.parse::<syn::Type>()?;
            let ty = Type::Option(Box::new(Type::read(&ty)?));
            Ok(Field { name: name.to_string(), doc: doc(&attributes), ty, optional: true })
        };
        Ok(MacroFields(input.parse_terminated(one, Token![,])?.into_iter().collect()))
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// `pub fn name(&self, query: &NameQuery) -> Result<Name>`, or the same without a stream.
fn question(
    visibility: &Visibility,
    attributes: &[Attribute],
    signature: &syn::Signature,
) -> Option<Question> {
    let mut arguments = signature.inputs.iter().filter(|input| !matches!(input, syn::FnArg::Receiver(_)));
    let (Some(syn::FnArg::Typed(argument)), None) = (arguments.next(), arguments.next()) else { return None };
    let syn::Type::Reference(argument) = argument.ty.as_ref() else { return None };
    let query = last_name(&argument.elem)?;
    let answer = last_name(inside(&signature.output, "Result")?)?;
    let is_asked = is_public(visibility) && query.ends_with("Query");
    is_asked.then(|| Question { name: signature.ident.to_string(), doc: said(attributes), query, answer })
}

/// `pub fn names() -> Vec<Name>`.
fn listing(item: &syn::ItemFn) -> Option<Listing> {
    let record = last_name(inside(&item.sig.output, "Vec")?)?;
    let is_list = is_public(&item.vis) && item.sig.inputs.is_empty();
    is_list.then(|| Listing { name: item.sig.ident.to_string(), doc: said(&item.attrs), record })
}

/// What a result type has between its angle brackets.
fn inside<'a>(output: &'a syn::ReturnType, name: &str) -> Option<&'a syn::Type> {
    let syn::ReturnType::Type(_, result) = output else { return None };
    let syn::Type::Path(path) = result.as_ref() else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == name)?;
    let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first() {
        Some(syn::GenericArgument::Type(inner)) => Some(inner),
        _ => None,
    }
}

/// The documentation without what can go wrong, which each language says in its own words.
fn said(attributes: &[Attribute]) -> Vec<String> {
    let doc: Vec<String> = doc(attributes).into_iter().take_while(|line| !line.starts_with("# ")).collect();
    let end = doc.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
    doc[..end].to_vec()
}

fn last_name(ty: &syn::Type) -> Option<String> {
    let syn::Type::Path(path) = ty else { return None };
    path.path.segments.last().map(|last| last.ident.to_string())
}

fn is_named(ty: &syn::Type, name: &str) -> bool {
    last_name(ty).is_some_and(|found| found == name)
}

/// A public struct that goes to JSON and has only public, named fields.
fn is_record(item: &syn::ItemStruct) -> bool {
    let named = matches!(item.fields, syn::Fields::Named(_));
    is_public(&item.vis)
        && named
        && has(&item.attrs, "derive", "Serialize")
        && item.fields.iter().all(|field| is_public(&field.vis))
}

fn field(field: &syn::Field, all_optional: bool) -> syn::Result<Field> {
    let name = field.ident.as_ref().map(Ident::to_string).unwrap_or_default();
    let ty = Type::read(&field.ty)?;
    let optional = all_optional || matches!(ty, Type::Option(_)) || has(&field.attrs, "serde", "default");
    Ok(Field { name, doc: doc(&field.attrs), ty, optional })
}

/// Whether one of the attributes of this name has this word in it: `#[serde(default, ...)]`.
fn has(attributes: &[Attribute], name: &str, word: &str) -> bool {
    attributes.iter().filter(|attribute| attribute.path().is_ident(name)).any(|attribute| {
        let mut found = false;
        // What can't be parsed here rustc refuses anyway.
        let _ = attribute.parse_nested_meta(|meta| {
            found |= meta.path.is_ident(word);
            if meta.input.peek(Token![=]) {
                meta.value()?.parse::<syn::Lit>()?;
            }
            Ok(())
        });
        found
    })
}

/// The documentation in plain Markdown: without examples in Rust and without links that only rustdoc can follow.
fn doc(attributes: &[Attribute]) -> Vec<String> {
    plain(doc_lines(attributes).into_iter())
}

/// The documentation as it was written.
pub(crate) fn doc_lines(attributes: &[Attribute]) -> Vec<String> {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        syn::Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    });
    lines.map(|line| line.strip_prefix(' ').unwrap_or(&line).to_owned()).collect()
}

/// The documentation above the line that starts so, for what stands inside a macro.
fn doc_above(text: &str, declaration: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let end = lines.iter().position(|line| line.starts_with(declaration)).unwrap_or(0);
    let mut found: Vec<&str> = lines[..end]
        .iter()
        .rev()
        .take_while(|line| line.starts_with("///") || line.starts_with("#["))
        .filter_map(|line| line.strip_prefix("///"))
        .collect();
    found.reverse();
    plain(found.into_iter().map(String::from))
}

fn plain(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    let mut in_example = false;
    for line in lines {
        if line.trim_start().starts_with("```") {
            in_example = !in_example;
        } else if !in_example {
            kept.push(without_links(line.trim()));
        }
    }
    while kept.last().is_some_and(String::is_empty) {
        kept.pop();
    }
    kept
}

/// ``[`code`](Error::code)`` and ``[`code`]`` become `` `code` ``.
fn without_links(line: &str) -> String {
    let mut plain = String::new();
    let mut rest = line;
    while let Some((before, link)) = rest.split_once("[`") {
        let Some((name, after)) = link.split_once("`]") else { break };
        plain.push_str(before);
        plain.push('`');
        plain.push_str(name);
        plain.push('`');
        rest = match after.strip_prefix('(').and_then(|target| target.split_once(')')) {
            Some((_, after)) => after,
            None => after,
        };
    }
    plain + rest
}

/// Every Rust file below a folder, in a stable order.
fn sources(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let complain = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut entries = fs::read_dir(folder)
        .and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()
        })
        .map_err(complain)?;
    entries.sort();
    let mut files = Vec::new();
    for entry in entries {
        if entry.is_dir() {
            files.extend(sources(&entry)?);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            files.push(entry);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::{Api, Type};

    fn read(text: &str) -> Result<Api, String> {
        let mut api = Api::empty();
        api.add_source(text).map_err(|error| error.to_string())?;
        api.complete()
    }

    const SOURCE: &str = r#"
        /// What is asked.
        ///
        /// ```
        /// let example = 1;
        /// ```
        #[derive(Debug, Serialize)]
        pub struct PathQuery {
            /// See [`Error::code`](crate::Error::code) and [`Step`].
            pub at: Instant,
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub steps: Vec<Step>,
            pub names: BTreeMap<String, Option<Kind>>,
        }
        #[derive(Serialize)]
        #[serde(default)]
        pub struct Step { pub lag: Span }
        #[derive(Serialize)]
        pub struct Answer { pub n: u64 }
        #[derive(Serialize)]
        struct Private { odd: usize }
        pub struct Opaque { pub odd: usize }
        /// Walks.
        pub fn walk(query: &PathQuery) -> Result<Answer> {}
        /// All steps.
        pub fn steps() -> Vec<Step> {}
        fn hidden(query: &PathQuery) -> Result<Answer> {}
        impl ValueStream {
            /// Asks.
            ///
            /// # Errors
            /// Some.
            pub fn ask(&self, query: &PathQuery) -> Result<Answer> {}
        }
        text_enum! {
            /// A kind.
            pub enum Kind {
                /// One.
                TestRun = "test_run",
            }
        }
    "#;

    #[test]
    fn public_records_and_enums_are_read() {
        let api = read(SOURCE).unwrap();
        let names: Vec<(&str, bool, bool)> =
            api.records.iter().map(|record| (record.name.as_str(), record.input, record.default)).collect();
        assert_eq!(names, [("Answer", false, false), ("PathQuery", true, false), ("Step", true, true)]);
        let query = api.record("PathQuery").unwrap();
        assert_eq!(query.doc, ["What is asked."]);
        assert_eq!(query.fields[0].doc, ["See `Error::code` and `Step`."]);
        let types: Vec<String> = query.fields.iter().map(|field| field.ty.to_string()).collect();
        assert_eq!(types, ["instant", "[Step]", "{Kind?}"]);
        let optional: Vec<bool> = query.fields.iter().map(|field| field.optional).collect();
        assert_eq!(optional, [false, true, false]);
        let asked = |all: &[super::Question]| {
            all.iter().map(|it| (it.name.clone(), it.doc.clone(), it.answer.clone())).collect::<Vec<_>>()
        };
        assert_eq!(asked(&api.questions), [("ask".into(), vec!["Asks.".into()], "Answer".into())]);
        assert_eq!(asked(&api.functions), [("walk".into(), vec!["Walks.".into()], "Answer".into())]);
        assert_eq!((api.lists[0].name.as_str(), api.lists[0].record.as_str()), ("steps", "Step"));
        let kind = &api.enums[0];
        assert_eq!((kind.values[0].variant.as_str(), kind.values[0].word.as_str()), ("TestRun", "test_run"));
    }

    #[test]
    fn the_fields_macro_gives_optional_fields() {
        let source = "
            macro_rules! fields { () => {
                /// All of it.
                #[derive(Serialize)]
                pub struct Fields {
                    /// The rest.
                    pub attributes: BTreeMap<String, String>,
                }
            } }
            fields! {
                /// The name.
                title: String => Title(Box<str>),
            }";
        let api = read(source).unwrap();
        let fields = api.record("Fields").unwrap();
        assert_eq!(fields.doc, ["All of it."]);
        assert_eq!(fields.fields[0].ty, Type::Option(Box::new(Type::String)));
        assert_eq!(
            (fields.fields[1].name.as_str(), fields.fields[1].doc[0].as_str()),
            ("attributes", "The rest.")
        );
    }

    #[test]
    fn what_cannot_cross_a_border_is_refused() {
        let of = |ty: &str| read(&format!("#[derive(Serialize)] pub struct A {{ pub a: {ty} }}"));
        for ty in ["usize", "&'static str", "(u32, u32)", "BTreeMap<u32, String>", "Missing"] {
            assert!(of(ty).is_err(), "{ty}");
        }
    }
}
