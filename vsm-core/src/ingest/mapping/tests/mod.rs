#[cfg(feature = "arrow")]
mod arrow;

use super::*;
use crate::model::{Event, FlowState, Kind};
use crate::{Adapter, ingest};
use crate::{ReadinessQuery, ValueStream};

fn options(mapping: &str) -> IngestOptions {
    let mapping = serde_json::from_str(mapping).unwrap_or_else(|error| panic!("{error}: {mapping}"));
    IngestOptions { mapping: Some(mapping), zone: Some("Europe/Zurich".into()), ..IngestOptions::default() }
}

fn read(text: &str, mapping: &str) -> Ingested {
    ingest(Adapter::Mapping, text.as_bytes(), &options(mapping))
}

fn fine(text: &str, mapping: &str) -> Vec<Event> {
    let read = read(text, mapping);
    assert_eq!(read.rejects, [], "{text}");
    read.events
}

fn links(event: &Event) -> Vec<(LinkKind, &str)> {
    event.links.iter().map(|link| (link.kind, link.to.as_str())).collect()
}

const PORTFOLIO: &str = r#"{"source":"portfolio","delimiter":";","dates":"%d.%m.%Y","decimal_comma":true,"hours_per_day":8,
    "id":"plan:{Key}","kind":"{Type}","occurred_at":"{Updated}","attributes":{"sponsor":"{Sponsor}"},
    "fields":{"title":"{Name}","state":"{Status}","due_at":"{Due}","value":"{Value}","estimate":"{Days}d","status":"{Status}"},
    "words":{"kind: Capability":"epic","state: In Arbeit":"active","state:":"new","n/a":""},
    "links":[{"kind":"parent","to":"plan:{Parent}"},{"kind":"depends_on","to":"jira:{Needs}","separator":","}]}"#;

#[test]
fn a_portfolio_sheet() {
    let text = "\u{feff}Key;Type;Name;Status;Due;Value;Days;Parent;Needs;Sponsor;Updated;Unused\r\n\
        T1;Theme;\"Grow; \"\"fast\"\"\nand far\";in arbeit;31.12.2026;1.250.000,5;;N/A;;Ada;01.03.2026;x\r\n\
        E1;capability;Deposits;;n/a;-;2,5;T1;CHK-1, n/a, CHK-2 ,;;02.03.2026;\r\n\
        ;;;;;;;;;;;\r\n";
    let text = text.replace(";-;", ";;");
    let read = read(&text, PORTFOLIO);
    assert_eq!(read.rejects, []);
    assert_eq!(read.ignored, [("blank row".to_owned(), 1)].into());
    let [theme, epic, parent, first, second] = read.events.as_slice() else { panic!("{:?}", read.events) };
    assert_eq!((theme.item.as_str(), theme.kind), ("plan:T1", Some(Kind::Theme)));
    assert_eq!(theme.occurred_at.to_string(), "2026-02-28T23:00:00.000Z");
    assert_eq!(theme.set.title.as_deref(), Some("Grow; \"fast\"\nand far"));
    assert_eq!((theme.set.state, theme.set.status.as_deref()), (Some(FlowState::Active), Some("in arbeit")));
    assert_eq!(theme.set.due_at.unwrap().to_string(), "2026-12-31T22:59:59.999Z");
    assert_eq!(theme.set.value, Some(1_250_000.5));
    assert_eq!(theme.set.attributes["sponsor"], "Ada");
    assert_eq!((epic.kind, epic.set.state), (Some(Kind::Epic), Some(FlowState::New)));
    assert_eq!((epic.set.due_at, epic.set.value, epic.set.status.as_deref()), (None, None, None));
    assert_eq!(epic.set.estimate, Some(crate::Span::from_hours(20)));
    assert_eq!(links(parent), [(LinkKind::Parent, "plan:T1")]);
    assert_eq!(parent.id, format!("{}/parent/plan:T1", epic.id));
    assert_eq!(links(first), [(LinkKind::DependsOn, "jira:CHK-1")]);
    assert_eq!(links(second), [(LinkKind::DependsOn, "jira:CHK-2")]);
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_batch(read.events.clone()).refused, []);
    // The same again changes nothing; a changed row is a further event.
    let again = self::read(&text, PORTFOLIO);
    assert_eq!(stream.apply_batch(again.events).duplicates, 5);
    let changed = self::read(&text.replace("in arbeit", "Done"), PORTFOLIO);
    let report = stream.apply_batch(changed.events);
    assert_eq!((report.accepted, report.duplicates, report.refused), (1, 4, vec![]));
}

#[test]
fn ids_follow_from_the_content_alone() {
    // Worked out apart from this code: FNV-1a of the event's JSON. An id that changed between versions would make
    // every row a new event.
    let mapping =
        r#"{"source":"t","id":"t:{k}","occurred_at":"2026-03-01T00:00:00Z","fields":{"title":"{n}"}}"#;
    let id = &fine("k,n\n1,a\n", mapping)[0].id;
    assert_eq!(id, "t:1@1772323200000/fc384cc3b8c8be79");
}

#[test]
fn bookings_of_environments() {
    let mapping = r#"{"source":"bookings","id":"booking:{No}","kind":"booking","occurred_at":"{Asked}",
        "fields":{"title":"{Release} on {Env}","starts_at":"{From}","ends_at":"{To}","booking":"{State}"},
        "words":{"booking: ok":"approved","booking: asked":"pending"},
        "links":[{"kind":"books","to":"env:{Env}"},{"kind":"booked_for","to":"plan:{Release}"}]}"#;
    let events = fine(
        "No,Env,Release,From,To,State,Asked\n1,uat,R1,2026-03-02,2026-03-03,OK,2026-02-01T08:00:00\n\
         2,uat,R2,2026-03-03 12:00,2026-03-03 13:00,asked,2026-02-01T08:00:00Z\n",
        mapping,
    );
    assert_eq!(events[0].set.title.as_deref(), Some("R1 on uat"));
    // Both days as a whole: the booking ends when the 4th begins.
    assert_eq!(events[0].set.starts_at.unwrap().to_string(), "2026-03-01T23:00:00.000Z");
    assert_eq!(events[0].set.ends_at.unwrap().to_string(), "2026-03-03T23:00:00.000Z");
    assert_eq!(links(&events[0]), [(LinkKind::Books, "env:uat"), (LinkKind::BookedFor, "plan:R1")]);
    assert_eq!(events[1].set.ends_at.unwrap().to_string(), "2026-03-03T12:00:00.000Z");
    assert_eq!(events[0].occurred_at.to_string(), "2026-02-01T07:00:00.000Z");
}

#[test]
fn figures_of_an_application_by_month() {
    let mapping = r#"{"source":"figures","id":"app:{App}","event":"{App}/{Month}","occurred_at":"{Month}-01",
        "attributes":{"nps":"{NPS}","usage":"{Users}","revenue":"{Revenue}"}}"#;
    let text = "App,Month,NPS,Users,Revenue\nmobile,2026-01,31,120000,\"1,200,000\"\nmobile,2026-02,34,,\n";
    let events = fine(text, mapping);
    assert_eq!(events[0].key(), "figures:mobile/2026-01");
    assert_eq!(events[1].set.attributes.len(), 1);
    let mut stream = ValueStream::new();
    assert_eq!(stream.apply_batch(events).accepted, 2);
    let item = stream.item("app:mobile").unwrap();
    assert_eq!(
        (item.fields.attributes["nps"].as_str(), item.fields.attributes["usage"].as_str()),
        ("34", "120000")
    );
    // With an id of its own a changed row is a conflict, which is said.
    let changed = fine(&text.replace("31", "32"), mapping);
    let report = stream.apply_batch(changed);
    assert_eq!((report.refused[0].code.as_str(), report.duplicates), ("conflict", 1));
}

#[test]
fn dates_of_states_become_a_history() {
    let mapping = r#"{"source":"team","id":"team:{id}","kind":"story","occurred_at":"{created}",
        "reached":{"new":"{created}","active":"{started}","done":"{closed}"},"words":{"-":""}}"#;
    let events = fine(
        "id,created,started,closed\n1,2026-03-01,2026-03-02,2026-03-05\n2,2026-03-01,2026-03-04,-\n",
        mapping,
    );
    let states: Vec<(String, Option<FlowState>)> = events
        .iter()
        .filter(|event| event.kind.is_none())
        .map(|event| (event.id.clone(), event.set.state))
        .collect();
    let ids: Vec<&str> = states.iter().map(|(id, _)| id.as_str()).collect();
    let at = "2026-02-28T23:00:00Z".parse::<crate::Instant>().unwrap().millis();
    assert_eq!(ids.len(), 5);
    assert!(ids.contains(&format!("team:2/reached/new/{at}").as_str()), "{ids:?}");
    let mut stream = ValueStream::new();
    stream.apply_batch(events);
    assert_eq!(stream.item("team:1").unwrap().fields.state, Some(FlowState::Done));
    assert_eq!(stream.item("team:2").unwrap().fields.state, Some(FlowState::Active));
}

#[test]
fn json_in_every_packing_with_paths_and_lists() {
    let mapping = r#"{"source":"api","format":"json_lines","id":"x:{key}","kind":"story","occurred_at":"{at}",
        "fields":{"title":"{fields.summary}","size":"{fields.points}","cadence":"{cadence}"},
        "attributes":{"labels":"{labels}","gone":"{fields.gone}"},
        "links":[{"kind":"relates","to":"x:{others}"}]}"#;
    let one = r#"{"key":1,"at":1772355600,"fields":{"summary":"s","points":3.5},"labels":["a","b"],"others":["2",3,null,"1"],
        "cadence":{"departure":"2026-01-06T00:00:00Z","every_days":14}}"#;
    let line = one.replace('\n', " ");
    for text in [one.to_owned(), format!("[{one}]"), format!("{line}\n{line}\n")] {
        let read = read(&text, mapping);
        assert_eq!(read.rejects, []);
        let event = &read.events[0];
        assert_eq!((event.item.as_str(), event.set.size), ("x:1", Some(3.5)));
        assert_eq!(event.set.attributes["labels"], "a, b");
        assert_eq!(links(event), [(LinkKind::Relates, "x:2"), (LinkKind::Relates, "x:3")]);
        assert_eq!(event.set.cadence.as_ref().unwrap().every_days, Some(14));
        let ignored: Vec<&str> = read.ignored.keys().map(String::as_str).collect();
        assert_eq!(ignored, ["column that no record has: fields.gone", "link of an item to itself"]);
    }
    for text in ["{\"key\":", "[", "{\"others\":["] {
        assert!(!read(&text.repeat(100_000), mapping).rejects.is_empty());
    }
    for end in 0..one.len() {
        assert_eq!(read(&one[..end], mapping).events, [], "{end}");
    }
    let bad = read("{\"key\":1,\"at\":1772355600}\n{\"key\":\n7\n{\"key\":{\"a\":1},\"at\":true}\n", mapping);
    let said: Vec<(u64, &str)> = bad.rejects.iter().map(|r| (r.position, r.code.as_str())).collect();
    assert_eq!(said, [(2, "document"), (3, "invalid"), (4, "invalid")]);
}

#[test]
fn blank_cells_clear_only_if_asked() {
    let mapping = r#"{"source":"t","id":"t:{k}","occurred_at":"{at}","fields":{"due_at":"{due}"},"attributes":{"a":"{a}"}}"#;
    let text = "k,at,due,a\n1,2026-03-01,,\n";
    assert_eq!(fine(text, mapping)[0].clear, Vec::<String>::new());
    let clearing = mapping.replace("\"source\"", "\"clear_blank\":true,\"source\"");
    assert_eq!(fine(text, &clearing)[0].clear, ["due_at", "a"]);
}

#[test]
fn rows_hold_since_they_were_fetched_where_no_column_says_so() {
    let mut options = options(r#"{"source":"t","id":"t:{k}","kind":"gate","fields":{"stage":"uat"}}"#);
    assert_eq!(ingest(Adapter::Mapping, b"k\n1\n", &options).rejects[0].position, 0);
    options.recorded_at = Some("2026-03-01T00:00:00Z".parse().unwrap());
    options.application = Some("app:a".into());
    let events = ingest(Adapter::Mapping, b"k\n1\n", &options).events;
    assert_eq!(
        (Some(events[0].occurred_at), events[0].recorded_at),
        (options.recorded_at, options.recorded_at)
    );
    assert_eq!(links(&events[0]), [(LinkKind::BelongsTo, "app:a")]);
}

#[test]
fn a_need_that_closes_a_cycle_takes_nothing_with_it() {
    let mapping = r#"{"source":"t","id":"t:{k}","kind":"story","occurred_at":"2026-03-01","fields":{"title":"{k}"},
        "links":[{"kind":"depends_on","to":"t:{needs}","dependency":"start_to_start"}]}"#;
    let mut stream = ValueStream::new();
    let report = stream.apply_batch(fine("k,needs\n1,2\n2,1\n", mapping));
    assert_eq!((report.accepted, report.refused.len(), report.refused[0].code.as_str()), (3, 1, "cycle"));
    assert_eq!(stream.item("t:2").unwrap().fields.title.as_deref(), Some("2"));
    assert!(stream.readiness(&ReadinessQuery::new("t:1", "2026-03-02T00:00:00Z".parse().unwrap())).is_ok());
}

#[test]
fn a_mapping_that_is_wrong_is_refused_before_the_first_row() {
    let table = [
        (r#""id":"t:{k}","source":"""#, "source: must name"),
        (r#""id":"t:{k}","source":"a:b""#, "without a colon"),
        (r#""id":"","source":"t""#, "mapping.id: is missing"),
        (r#""id":"t:{k","source":"t""#, "id: \"t:{k\" has a brace"),
        (r#""id":"t:k}","source":"t""#, "has a brace"),
        (r#""id":"t:{ }","source":"t""#, "has a brace"),
        (
            r#""id":"t:{key}","source":"t""#,
            "the header has no column \"key\", only \"k\", \"twice\", \"twice\"",
        ),
        (r#""id":"t:{twice}","source":"t""#, "\"twice\" twice"),
        (r#""id":"t:{k}","source":"t","fields":{"colour":"red"}"#, "fields.colour: there is no field"),
        (r#""id":"t:{k}","source":"t","fields":{"title":""}"#, "fields.title: must not be empty"),
        (r#""id":"t:{k}","source":"t","fields":{"state":"open"}"#, "fields.state: \"open\" is none of new,"),
        (r#""id":"t:{k}","source":"t","fields":{"value":"much"}"#, "fields.value: \"much\" is not a number"),
        (
            r#""id":"t:{k}","source":"t","attributes":{"title":"x"}"#,
            "attributes.title: this is the name of a field",
        ),
        (r#""id":"t:{k}","source":"t","kind":"ticket""#, "kind: \"ticket\" is none of theme,"),
        (r#""id":"t:{k}","source":"t","event":"e""#, "event: must have a column"),
        (r#""id":"t:{k}","source":"t","reached":{"closed":"{k}"}"#, "reached.closed: \"closed\" is none of"),
        (r#""id":"t:{k}","source":"t","words":{"state: x":"new"}"#, "\"state\" is not mapped"),
        (r#""id":"t:{k}","source":"t","words":{" ":"new"}"#, "a blank word"),
        (r#""id":"t:{k}","source":"t","delimiter":";;""#, "delimiter: must be one"),
        (r#""id":"t:{k}","source":"t","delimiter":"""#, "delimiter: must be one"),
        (r#""id":"t:{k}","source":"t","dates":"%Q""#, "dates: \"%Q\""),
        (r#""id":"t:{k}","source":"t","hours_per_day":0"#, "hours_per_day: must be above 0"),
        (
            r#""id":"t:{k}","source":"t","links":[{"kind":"parent","to":"t:x","separator":","}]"#,
            "one column to split",
        ),
        (
            r#""id":"t:{k}","source":"t","links":[{"kind":"parent","to":"{k}","separator":""}]"#,
            "must not be empty",
        ),
        (
            r#""id":"t:{k}","source":"t","links":[{"kind":"parent","to":"{k}","stage":"uat"}]"#,
            "depends_on links",
        ),
    ];
    for (mapping, reason) in table {
        let read = read("k,twice,twice\n1,,\n", &format!("{{{mapping},\"occurred_at\":\"2026-03-01\"}}"));
        assert_eq!(read.events, [], "{mapping}");
        let [reject] = read.rejects.as_slice() else { panic!("{mapping}: {read:?}") };
        assert!(reject.position == 0 && reject.reason.contains(reason), "{mapping}: {}", reject.reason);
    }
    let missing = ingest(Adapter::Mapping, b"k\n1\n", &IngestOptions::default());
    assert!(missing.rejects[0].reason.starts_with("mapping: is missing"));
    for unknown in [
        r#"{"ids":"t:{k}"}"#,
        r#"{"links":[{"kind":"parent","to":"{k}","from":"x"}]}"#,
        r#"{"links":[{"kind":"child"}]}"#,
    ] {
        assert!(serde_json::from_str::<TableMapping>(unknown).is_err(), "{unknown}");
    }
}

#[test]
fn a_row_that_cannot_be_read_names_its_line_and_column() {
    let mapping = r#"{"source":"t","id":"t:{k}","kind":"{kind}","occurred_at":"{at}",
        "fields":{"state":"{state}","value":"{value}","remaining":"{left}","capacity":"{cap}","starts_at":"{at}","ends_at":"{end}"},
        "links":[{"kind":"relates","to":"{other}"}]}"#;
    let head = "k,kind,at,state,value,left,cap,end,other\n1,\"story\n\",2026-03-01,,,,,,\n";
    let table = [
        (",story,2026-03-01,,,,,,", "id (column \"k\"): is blank"),
        ("a\u{1}b,story,2026-03-01,,,,,,", "control characters"),
        ("2,,2026-03-01,,,,,,", "kind (column \"kind\"): is blank"),
        ("2,unicorn,2026-03-01,,,,,,", "kind (column \"kind\"): \"unicorn\" is none of"),
        ("2,story,,,,,,,", "occurred_at (column \"at\"): is blank"),
        ("2,story,soon,,,,,,", "occurred_at (column \"at\"): \"soon\" is not a time"),
        ("2,story,99999-01-01,,,,,,", "is not a time"),
        ("2,story,2026-03-01,open,,,,,", "fields.state (column \"state\"): \"open\" is none of"),
        ("2,story,2026-03-01,,12.5.1,,,,", "fields.value (column \"value\"): \"12.5.1\" is not a number"),
        ("2,story,2026-03-01,,\"1,5\",,,,", "\"1,5\" is not a number"),
        ("2,story,2026-03-01,,NaN,,,,", "not a number"),
        ("2,story,2026-03-01,,1e999,,,,", "not a number"),
        ("2,story,2026-03-01,,,5,,,", "fields.remaining (column \"left\"): \"5\" needs a unit"),
        ("2,story,2026-03-01,,,-5d,,,", "remaining: must not be negative"),
        ("2,story,2026-03-01,,,9e99d,,,", "ten thousand years"),
        ("2,story,2026-03-01,,,,0,,", "capacity: must be at least 1"),
        ("2,story,2026-03-01,,,,1.5,,", "\"1.5\" is not a whole number"),
        ("2,story,2026-03-01,,,,,2026-02-01,", "ends_at: must not be before starts_at"),
        ("2,story,2026-03-01,,,,,,no id", "links[0].to (column \"other\"): \"no id\" is no item's id"),
        ("2,story,2026-03-01,,,", "the row has 6 cells and the header 9"),
        ("2,story,2026-03-01,,,,,,,", "the row has 10 cells and the header 9"),
    ];
    for (row, reason) in table {
        let read = read(&format!("{head}{row}\n3,story,2026-03-01,,,,,,\n"), mapping);
        assert_eq!(read.events.len(), 2, "{row}: {read:?}");
        let [reject] = read.rejects.as_slice() else { panic!("{row}: {read:?}") };
        assert_eq!(reject.position, 4, "{row}");
        assert!(reject.reason.contains(reason), "{row}: {}", reject.reason);
    }
    for (text, line) in [("k\r\n\r\n1\r\n\u{1}\r\n", 4), ("k\n\n\n\u{1}\n", 4), ("k\r\n\u{1}", 2)] {
        let read = read(text, r#"{"source":"t","id":"t:{k}","occurred_at":"2026-03-01"}"#);
        assert_eq!(read.rejects[0].position, line, "{text:?}");
    }
    let cut = read(&format!("{head}2,story,2026-03-01,,,,,,\"x:"), mapping);
    assert!(cut.events.len() == 1 && cut.rejects[0].reason.contains("quote"), "{cut:?}");
    // An inch is no quotation.
    let inch = read("k,n\n1,5\" pipe", r#"{"source":"t","id":"t:{k}","occurred_at":"2026-03-01"}"#);
    assert_eq!((inch.events.len(), inch.rejects), (1, Vec::new()));
    let latin = ingest(
        Adapter::Mapping,
        b"k,n\n1,caf\xe9\n2,x\n",
        &options(r#"{"source":"t","id":"t:{k}","fields":{"title":"{n}"},"occurred_at":"2026-03-01"}"#),
    );
    assert_eq!((latin.events.len(), latin.rejects[0].position), (1, 2));
    assert_eq!(ingest(Adapter::Mapping, b"\xff\xfek\0", &options(mapping)).rejects.len(), 1);
    assert_eq!(ingest(Adapter::Mapping, b"", &options(mapping)).rejects[0].position, 1);
}

#[test]
fn numbers_and_times_in_the_forms_of_sheets() {
    let value = |comma: bool, text: &str| {
        let mapping = format!(
            r#"{{"source":"t","delimiter":"\\t","decimal_comma":{comma},"id":"t:{{k}}","fields":{{"value":"{{v}}"}},"occurred_at":"2026-03-01"}}"#
        );
        let read = read(&format!("k\tv\n1\t{text}\n"), &mapping);
        read.events.first().and_then(|event| event.set.value)
    };
    let table = [
        (false, "1,250,000.5", Some(1_250_000.5)),
        (false, "1'250'000", Some(1_250_000.0)),
        (false, "-3", Some(-3.0)),
        (false, "+.5", Some(0.5)),
        (false, "1.5E6", Some(1_500_000.0)),
        (false, "12,34", None),
        (false, "1234,567", None),
        (true, "1.250,5", Some(1_250.5)),
        (true, "1 250,5", Some(1_250.5)),
        (true, "1.5", None),
        (true, "5 %", None),
        (false, "", None),
    ];
    for (comma, text, expected) in table {
        assert_eq!(value(comma, text), expected, "{text}");
    }
    let time = |dates: &str, text: &str| {
        let mapping = format!(
            r#"{{"source":"t","delimiter":"|","dates":"{dates}","id":"t:{{k}}","occurred_at":"{{at}}","fields":{{"title":"x"}}}}"#
        );
        let read = read(&format!("k|at\n1|{text}\n"), &mapping);
        read.events.first().map(|event| event.occurred_at.to_string())
    };
    let table = [
        ("%m/%d/%Y %H:%M", "3/1/2026 9:30", Some("2026-03-01T08:30:00.000Z")),
        ("%d-%b-%y", "01-Jul-26", Some("2026-06-30T22:00:00.000Z")),
        ("%d.%m.%Y %H:%M:%S %z", "01.07.2026 09:00:00 -0500", Some("2026-07-01T14:00:00.000Z")),
        ("%d.%m.%Y", "2026-07-01", None),
        ("%d.%m.%Y", "31.02.2026", None),
    ];
    for (dates, text, expected) in table {
        assert_eq!(time(dates, text).as_deref(), expected, "{text}");
    }
}

#[test]
fn every_field_but_none_other_can_be_mapped() {
    for name in crate::Fields::NAMES {
        let mapping = format!(
            r#"{{"source":"t","id":"t:{{k}}","occurred_at":"2026-03-01","fields":{{"{name}":"{{k}}"}}}}"#
        );
        let read = read("k\n\u{2603}\n", &mapping);
        assert!(read.rejects.iter().all(|reject| !reject.reason.contains("can't be mapped")), "{name}");
    }
}
