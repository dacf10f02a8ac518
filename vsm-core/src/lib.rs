//! Value stream management: the events of many tools in, answers about releases out.
//!
//! Jira knows what was planned, git what was written, Jenkins what was built, JUnit what was tested, and somebody's
//! calendar who has the test environment next week. When a release ships, and why not today, follows from all of them
//! together. This crate puts them together: it keeps what they say as a record of events, folds the record into a graph
//! that reaches from strategy down to deployment, and answers questions about that graph.
//!
//! ```text
//! tool payloads ──ingest──▶ events ──apply──▶ value stream ──ask──▶ answers
//!                             ▲                    │
//!                             └─────correlate──────┘
//! ```
//!
//! It is a library without side effects: it opens no file, reads no clock, starts no thread. The host brings bytes and the
//! time of the question, and shows the answer. Only the record may have a file of its own, if the host wants one: see
//! [Keeping the record](#keeping-the-record).
//!
//! # Overview
//!
//! * [`ValueStream`] is the record with the graph that follows from it. Everything is a method of it.
//! * [`Event`] is the only way in. [`apply`](ValueStream::apply) takes one, [`apply_batch`](ValueStream::apply_batch)
//!   and [`apply_json_lines`](ValueStream::apply_json_lines) take many, and [`ingest`](ValueStream::ingest) makes them
//!   of what a tool wrote ([`Adapter`] lists the formats). [`correlate`](ValueStream::correlate) adds the links that no
//!   tool states.
//! * [`outlook`](ValueStream::outlook) answers the question that the engine exists for; [`Outlook::to_text`] is its page.
//!   Its parts can be asked for alone:
//!
//! | question | method |
//! |---|---|
//! | Is it ready for a stage, and what exactly is missing? | [`readiness`](ValueStream::readiness) |
//! | Why, as a tree from the release down to what is at fault? | [`explain`](ValueStream::explain) |
//! | The same verdict for everything at once | [`verdicts`](ValueStream::verdicts) |
//! | What became ready since, what regressed, and by which events? | [`readiness_changes`](ValueStream::readiness_changes) |
//! | Which rows of a metric changed since the last time? | [`live_metric`](ValueStream::live_metric), [`LiveMetric::update`] |
//! | Which verdicts changed since the last time, and why? | [`watch`](ValueStream::watch), [`Watch::update`] |
//! | What does its date depend on, with which float? | [`critical_path`](ValueStream::critical_path) |
//! | Which departures can it still reach, and who has until when? | [`departures`](ValueStream::departures) |
//! | What was planned for the release, and what came of it? | [`scope`](ValueStream::scope) |
//! | Did valuable work reach production first? | [`value_order`](ValueStream::value_order) |
//! | Did an outcome change with a release? | [`outcome_change`](ValueStream::outcome_change) |
//! | What was promised for an iteration or release, and what was kept? | [`say_do`](ValueStream::say_do) |
//! | In which version did each item really ship? | [`shipping`](ValueStream::shipping) |
//! | Which gates are late, and by how much? | [`gate_lateness`](ValueStream::gate_lateness) |
//! | Which states did a release go through, and where may it go? | [`transitions`](ValueStream::transitions) |
//! | What gives a release the phases and gates of a template? | [`template_events`](ValueStream::template_events) |
//! | How does work flow? | [`flow_metrics`](ValueStream::flow_metrics) |
//! | Any metric, by group and week, by the rules of any tool | [`metric`](ValueStream::metric), [`metric_samples`](ValueStream::metric_samples) |
//! | Why do two tools show different figures? | [`reconcile`](ValueStream::reconcile) |
//! | Does a metric get better, or only vary as it always did? | [`metric_trend`](ValueStream::metric_trend); for the figures of delivery [`delivery_trend`](ValueStream::delivery_trend), for pass rates and escapes [`quality_trend`](ValueStream::quality_trend), for a measured outcome [`value_trend`](ValueStream::value_trend) |
//! | How much work had come how far at the end of each day? | [`cumulative_flow`](ValueStream::cumulative_flow) |
//! | How long is work in each state, and where does it wait? | [`time_in_state`](ValueStream::time_in_state) |
//! | How old is open work, against what was finished? | [`ageing`](ValueStream::ageing) |
//! | Do work in progress, arrivals and times fit together? | [`littles_law`](ValueStream::littles_law) |
//! | What is flow time made of? | [`flow_causes`](ValueStream::flow_causes) |
//! | What did a release wait for? | [`waited_for`](ValueStream::waited_for) |
//! | How much work goes back, and how much goes through at once? | [`rework`](ValueStream::rework) |
//! | In which order should open work be done, and what does the order cost? | [`prioritize`](ValueStream::prioritize) |
//! | What value was expected, and what came of it? | [`value_realized`](ValueStream::value_realized) |
//! | How many defects are open, since when, and which were found too late? | [`defects`](ValueStream::defects) |
//! | How often do tests pass, and which are flaky? | [`tests`](ValueStream::tests) |
//! | How fast and how safely is it delivered? | [`delivery`](ValueStream::delivery) |
//! | How long did releases take, and what did finished work wait for? | [`release_times`](ValueStream::release_times) |
//! | What does an item serve, and what became of it? | [`trace`](ValueStream::trace) |
//! | Which bookings of environments are in each other's way? | [`booking_conflicts`](ValueStream::booking_conflicts) |
//! | When are these environments free together for so long? | [`next_slot`](ValueStream::next_slot) |
//! | Which build is in which environment? | [`environment_contents`](ValueStream::environment_contents) |
//! | What is older or newer in one environment than in the next? | [`drift`](ValueStream::drift) |
//! | Which releases touch which environments and applications? | [`impact`](ValueStream::impact) |
//! | What does an item need, and what needs it, over any number of steps? | [`lineage`](ValueStream::lineage) |
//! | How much of the input could not be linked? | [`coverage`](ValueStream::coverage) |
//! | What in the data can't be right, or is still to be mapped? | [`data_quality`](ValueStream::data_quality) |
//!
//! * [`item`](ValueStream::item), [`items`](ValueStream::items), [`links`](ValueStream::links) and
//!   [`history`](ValueStream::history) look things up; [`as_of`](ValueStream::as_of) lets you ask all of it of the past.
//! * [`CdEvent`] is a CDEvent as a value, for tools that look at events and hand them on.
//! * [`schedule`] lays out activities that are given, without a stream; a [`LiveSchedule`] keeps that up to date.
//! * [`add_working_time`], [`working_time_between`] and [`next_departure`] reckon with [`Calendar`]s and [`Cadence`]s.
//! * [`delivery_presets`] lists the rules by which tools measure delivery, [`delivery_bands`] the tables of performance bands.
//! * [`quantiles`], [`survival`], [`process_behaviour`], [`change_points`], [`compare_samples`] and [`rank_correlation`] are the
//!   statistics that metrics stand on, for numbers of any origin: see [Statistics](#statistics).
//! * [`picture`] draws a [`CriticalPath`] as Gantt chart or network, in SVG, Mermaid or DOT.
//! * [`call`] asks any of these by name, JSON in and out, for hosts that speak nothing else.
//! * [`messages`] lists what sentences are made of, and [`translate`] makes them of other words: see
//!   [Sentences in other languages](#sentences-in-other-languages).
//!
//! # A tour in five minutes
//!
//! ```
//! use vsm_core::{
//!     CriticalPathQuery, Error, Event, FlowQuery, FlowState, Instant, Link, LinkKind, OutlookQuery,
//!     ReadinessQuery, Span, ValueStream, Verdict,
//! };
//!
//! // Two pieces of work for a release of an application that ships every other Tuesday. The second piece can't begin
//! // before the first is done. (A line of JSON is an event; so is what `Event::new` makes.)
//! let mut stream = ValueStream::new();
//! let report = stream.apply_json_lines(br#"
//! {"source":"plan","id":"1","occurred_at":"2026-03-02T09:00:00Z","item":"app:mobile","kind":"application","set":{"title":"Mobile","cadence":{"departure":"2026-01-06T00:00:00Z","every_days":14}}}
//! {"source":"plan","id":"2","occurred_at":"2026-03-02T09:00:00Z","item":"plan:R1","kind":"release","set":{"title":"Mobile 4.13"},"links":[{"kind":"belongs_to","to":"app:mobile"}]}
//! {"source":"jira","id":"1","occurred_at":"2026-03-02T09:00:00Z","item":"jira:CHK-1","kind":"feature","set":{"title":"Capture the image","state":"active","remaining":172800000},"links":[{"kind":"ships_in","to":"plan:R1"}]}
//! {"source":"jira","id":"2","occurred_at":"2026-03-02T09:00:00Z","item":"jira:CHK-2","kind":"story","set":{"title":"Upload it","state":"new","estimate":86400000},"links":[{"kind":"ships_in","to":"plan:R1"},{"kind":"depends_on","to":"jira:CHK-1"}]}
//! "#);
//! assert_eq!((report.accepted, report.refused.len()), (4, 0));
//!
//! // Is the release ready? No, and these are the facts that keep it back, each with one root cause.
//! let monday: Instant = "2026-03-02T09:00:00Z".parse()?;
//! let readiness = stream.readiness(&ReadinessQuery::new("plan:R1", monday))?;
//! assert_eq!(readiness.verdict, Verdict::NotReady);
//! assert_eq!(readiness.unmet[0].sentence, "Capture the image (jira:CHK-1) is being worked on and not done.");
//! assert_eq!(readiness.unmet[0].evidence, ["jira:1"]);
//!
//! // What does its date depend on? Three days of work, then the train of 17 March.
//! let schedule = stream.critical_path(&CriticalPathQuery::new("plan:R1", monday))?;
//! assert_eq!(schedule.path, ["jira:CHK-1", "jira:CHK-2", "plan:R1"]);
//! assert_eq!(schedule.ready_at, "2026-03-05T09:00:00Z".parse()?);
//! assert_eq!(schedule.finish, "2026-03-17T00:00:00Z".parse()?);
//! assert_eq!(schedule.cadence_wait, Span::from_hours(11 * 24 + 15));
//!
//! // A link that would make an item wait for itself is refused with the way around, and nothing of its event is kept.
//! let mut wrong = Event::new("plan", "3", monday, "jira:CHK-1");
//! wrong.links.push(Link::new(LinkKind::DependsOn, "jira:CHK-2"));
//! let error = stream.apply(wrong).unwrap_err();
//! assert!(matches!(&error, Error::Cycle { path } if path.len() == 3));
//! assert_eq!(error.code(), "cycle");
//!
//! // On Wednesday the first piece is done. How did it flow?
//! let wednesday: Instant = "2026-03-04T09:00:00Z".parse()?;
//! let mut done = Event::new("jira", "3", wednesday, "jira:CHK-1");
//! done.set.state = Some(FlowState::Done);
//! stream.apply(done)?;
//! let week = FlowQuery::new("2026-03-02T00:00:00Z".parse()?, "2026-03-09T00:00:00Z".parse()?, "Europe/Zurich");
//! let flow = stream.flow_metrics(&week)?;
//! assert_eq!(flow.velocity, 1);
//! assert_eq!(flow.time.map(|time| time.median), Some(Span::from_days(2)));
//! // Nobody ever says that work waits, so nobody knows how much of the time it did: no figure rather than 100 %.
//! assert_eq!(flow.efficiency, None);
//!
//! // Monday's answer can still be had, whatever came later.
//! let then = stream.as_of(monday, monday);
//! assert_eq!(then.item("jira:CHK-1")?.fields.state, Some(FlowState::Active));
//!
//! // All of it on one page.
//! let outlook = stream.outlook(&OutlookQuery::new("plan:R1", wednesday, "Europe/Zurich"))?;
//! assert_eq!(outlook.ships_at, schedule.finish);
//! assert!(outlook.to_text().starts_with("Mobile 4.13 of Mobile, as of Wed 2026-03-04 (Europe/Zurich)"));
//! # Ok::<(), vsm_core::Error>(())
//! ```
//!
//! Real input is read with [`ingest`](ValueStream::ingest). The example `ship_date` of the repository is a whole host in a
//! few hundred lines: files and the clock are there, everything else is a call to this crate.
//!
//! # The model
//!
//! An **[event](Event)** is one statement of one source about one item: what the item is ([`Kind`]), which
//! [fields](Fields) have which values from now on, which no longer have one, and which [links](Link) begin or end. It is
//! taken whole or refused whole. `(source, id)` identifies it: the same event again changes nothing, and other content
//! under the same id is a conflict. What was said is never changed; a correction is a later event.
//!
//! An **[item](Item)** is whatever events speak of, by an id of the form `source:key`. The first event or link that names
//! an item makes it known, so that a link may come before what it leads to; until somebody says what it is, it has no kind
//! and [`coverage`](ValueStream::coverage) counts it. What only a rule has named is known for as long as that link holds.
//! Tools that know one thing by several ids say so with [aliases](Event::aliases), in whatever order: what was said under
//! either name belongs to the one item, and a link that a rule saw between the two is none.
//!
//! **[Links](LinkKind)** are of two sorts. `parent`, `ships_in`, `gates` and `depends_on` say what *needs* what; together
//! they are kept free of cycles, and readiness and dates travel along them. The others say where things come from:
//! `implements`, `follows`, `built_from`, `tests`, `deploys` and so on lead from a deployment back to a theme. An item has
//! one parent at a time, and may be in the scope of several releases. A parent counts as the set of its leaves, so that
//! an item that is reached by two ways counts once.
//!
//! A link is **stated** by a tool or **inferred** by a rule; an inferred one carries the rule's name, a confidence and what
//! it was read from. It gives way to a stated one, and to one that is surer. What could not be linked is listed, never
//! dropped.
//!
//! **Environments** that others are parts of are groups: a booking or deployment of a group is one of every environment in
//! it, and what says nothing of its capacity, stage or owner takes it from its group. A [blackout](Blackout) holds for all
//! that is a part of, or belongs to, the item in whose calendar it stands. **Bookings** are moved by later events: one that
//! moves a granted booking and says `pending` asks for the change, and the booking keeps what it was granted until that is
//! decided.
//!
//! **Work** moves through five [states](FlowState): new, waiting, active, done, cancelled. Tools have more, and map theirs
//! to these; their own words are kept in `status`. What is cancelled counts in nothing.
//!
//! **Releases** are led by phases with activities, by gates, and by criteria of both, which evidence
//! [satisfies](LinkKind::Satisfies) or somebody entitled decides; entitled are approvers, those accountable, and the members
//! of such a group. None of these is work, and flow does not count them. A release that is a part of another one counts
//! there with all that it needs. Where it stands for those who lead it is its [`lifecycle`](Fields::lifecycle), which
//! implies the state.
//!
//! A **[verdict](Verdict)** has three values. Without evidence it is *unknown*, and unknown is never ready: a release
//! without scope and a build without test run are not known to be good. Stages form the ladder of a [`Policy`], by
//! default system test, user acceptance, pre-production, production. A policy is data: it says which conditions each stage
//! asks for, and may add [rules](PolicyRule) that count and measure what they reach in the graph.
//!
//! # Time
//!
//! An [`Instant`] is a whole millisecond in UTC, a [`Span`] a number of them that may be negative. Text in RFC 3339 with
//! any offset is read; a time without offset is refused, since nobody knows when that was. Adapters read whatever forms
//! tools write; those without zone need [`IngestOptions::zone`], and dates such as `03/02/2026` need
//! [`IngestOptions::date_order`]. A *day* exists only in a [`Zone`], and wherever days are counted the query names one;
//! there is no default, and an unknown name is an error.
//! Intervals have their start and not their end: what ends when another begins does not overlap it.
//!
//! Every event has two times: [`occurred_at`](Event::occurred_at), when it was so, and
//! [`recorded_at`](Event::recorded_at), when it became known. [`as_of`](ValueStream::as_of) bounds both, and so keeps two
//! questions apart that are easily mixed up: what was true on the 11th, and what did we believe on the 11th?
//!
//! Work takes working time where there is a [`Calendar`], and plain time where there is none: weekly hours in a time zone,
//! holidays, days with hours of their own, and blackouts, of which holidays and blackouts may come again by a rule of
//! RFC 5545. Hours are worked when the wall clock shows them, on nights on which clocks change too. A release leaves with its
//! train where its application has a [`Cadence`]: with the first departure whose cut-off is not before it is ready. The
//! time in between is reported as what it is, waiting.
//!
//! # Errors
//!
//! A method fails with an [`Error`] if the question makes no sense: an item that nobody has named, a stage that is not on
//! the ladder, a zone that does not exist. Each kind has a stable [`code`](Error::code), on which the bindings build their
//! exceptions, and a sentence that names the offending thing.
//!
//! Bad input is not an error, it is a fact. Adapters and batches go on after a record that they can't take and report it:
//! a [`Reject`] could not be read, a [`Refusal`] could not be applied, each with position, code and reason; unknown fields
//! are left out and counted. A refused event leaves nothing behind. How deep an input nests, how long its lines are and
//! what its entities stand for is bounded: no text takes memory out of proportion to its length, and none makes the
//! engine panic.
//!
//! # Determinism and evidence
//!
//! A stream is a function of the events it holds. The order of arrival does not show in any answer: events are folded by
//! `occurred_at`, then by `recorded_at`, so that a correction wins, then by key. Lists have a documented order, ties are
//! broken by id, and nothing is random. The same events and the same question give the same bytes on every machine and in
//! every language. One thing does depend on arrival: which of several events that can't all hold is the one to be refused
//! (a cycle, an id used twice, an alias of what can't be the same), since an event can only be compared with what is there already.
//!
//! Every answer has a [`Basis`]: `n`, how many items it counts; `excluded`, what it leaves out and why; `rules`, the names
//! of the conventions it went by; `evidence`, the events behind it as `source:id`, to be found again in
//! [`history`](ValueStream::history), at most a hundred. What has no data has no value: `None`, and never 0.
//!
//! # Sentences in other languages
//!
//! What has a `sentence` has the same as `messages`: each is a stable [code](Message::code) with arguments, and has an English
//! template. A sentence is the templates with the arguments put in, one after the other; a full stop at the end of a template is
//! left out where another one follows. What is said in any case is one message, such as "{item} is not decided.", and what may
//! come with it is a further one, such as "; it is needed by {needed}.", whose code begins with `and_`. [`messages`]
//! gives all templates with the sorts of their arguments, and so does the [`call`] of this name.
//!
//! A translator writes templates for these codes, and whatever the templates put in is there as text. Beside it stands what a
//! program may want to write in its own way: of an item the id, of a day the instant, of a length of time the
//! milliseconds, of a word the engine's own ([`MessageArg`] lists them). Names of items and what people wrote are as they are.
//!
//! ```
//! use vsm_core::{Event, GateLatenessQuery, Kind, MESSAGES, ValueStream, translate};
//! let mut gate = Event::new("plan", "1", "2026-03-03T09:00:00Z".parse()?, "gate:security");
//! gate.kind = Some(Kind::Gate);
//! gate.set.title = Some("Sicherheit".into());
//! gate.set.needed_by = Some("2026-03-10T09:00:00Z".parse()?);
//! let mut stream = ValueStream::new();
//! stream.apply(gate)?;
//! let gates = stream.gate_lateness(&GateLatenessQuery::new("2026-03-12T09:00:00Z".parse()?))?.gates;
//! assert_eq!(gates[0].sentence, "Sicherheit (gate:security): needed by 2026-03-10, not decided, 2 days overdue.");
//!
//! let german = |code: &str| match code {
//!     "gate_times" => Some("{item}:"),
//!     "and_needed_on" => Some(" gebraucht am {needed},"),
//!     "and_undecided" => Some(" nicht entschieden."),
//!     "and_by_now_late" => Some(", überfällig."),
//!     _ => None, // the English one
//! };
//! let text = translate(&gates[0].messages, german);
//! assert_eq!(text, "Sicherheit (gate:security): gebraucht am 2026-03-10, nicht entschieden, überfällig.");
//! let late = &gates[0].messages[3];
//! assert_eq!((late.args["over"].as_str(), late.args["over_ms"].as_str()), ("2 days", "172800000"));
//! assert!(MESSAGES.contains(&("and_undecided", " not decided.")));
//! # Ok::<(), vsm_core::Error>(())
//! ```
//!
//! Pages such as [`Outlook::to_text`] are English as a whole; the parts of an outlook have what they are made of.
//!
//! # The JSON form
//!
//! All records are serde types, and their field names and words are the same in every language. Instants are RFC 3339 with
//! three decimals and `Z`, spans integer milliseconds.
//!
//! Events travel as JSON Lines, one event a line, empty lines ignored; [`event_to_json`] writes one. A snapshot is
//! `{"format":"vsm.snapshot","version":1,"events":[…]}`, with the events in order of arrival. As a stream follows from
//! its events, that is all there is to keep. What this crate writes it reads, and writes again byte for byte the same; a
//! snapshot of a newer version is refused.
//!
//! For tools that mine processes, [`to_ocel`](ValueStream::to_ocel) writes the same record as an object-centric event log
//! in OCEL 2.0, which comes back event by event as well.
//!
//! # Keeping the record
//!
//! A [`Store`] keeps events as they are accepted; a [`StoredStream`] is a stream whose store is never behind it by more
//! than the call that is under way. Opening one reads the record and goes on where it ended:
//!
//! ```
//! # #[cfg(feature = "journal")] {
//! use vsm_core::{Durability, Event, Journal, StoredStream};
//! # let folder = std::env::temp_dir().join(format!("vsm-book-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder).unwrap();
//! let file = folder.join("portfolio.vsm");
//! let (mut stream, recovery) = StoredStream::open(Journal::open(&file, Durability::EachAppend)?)?;
//! assert!(recovery.is_whole());
//! stream.apply(Event::new("jira", "1", "2026-03-02T09:00:00Z".parse()?, "jira:CHK-1"))?;
//! // It is on the disk now. This is what to write down, somewhere else, for the day of the audit:
//! let seal = stream.seal()?;
//! drop(stream);
//!
//! let (mut stream, recovery) = StoredStream::open(Journal::open(&file, Durability::EachAppend)?)?;
//! assert_eq!(recovery.events, 1);
//! assert_eq!(stream.history("jira:CHK-1")?.len(), 1);
//! assert!(stream.verify(Some(&seal))?.is_whole());
//! # drop(stream);
//! # std::fs::remove_dir_all(&folder).unwrap();
//! # }
//! # Ok::<(), vsm_core::Error>(())
//! ```
//!
//! What is promised:
//!
//! * **An acknowledged event is never lost.** When `apply` and its like return `Ok`, the operating system has the event:
//!   it outlives the process, however that ends. Whether it outlives a loss of power as well is chosen by [`Durability`].
//! * **An append is taken whole or not at all.** One that fails, on a full disk say, leaves the store as it was.
//! * **Damage costs what it hit.** What is whole before and behind it is read; [`Recovery`] says where the damage is and
//!   how many events are missing. Sources may deliver these again, since an event that is there already is a duplicate.
//! * **Nothing is altered unseen.** Each event has a hash, SHA-256 of the hash before it (32 bytes, zeros at first) and of
//!   its line of JSON as [`event_to_json`] writes it. The last one, the [`Seal`], stands for the whole record.
//!   [`verify`](StoredStream::verify) does them all over. Who can write the file can make new hashes, but not the old
//!   seal: it proves something as far as it is kept elsewhere.
//!
//! There is one writer at a time, and any number of readers (`open_to_read`), which
//! [`catch_up`](StoredStream::catch_up) when they like.
//!
//! A host that decides at run time which store it opens, or whether any, holds an `AnyStream`; the bindings do.
//!
//! # Long inputs
//!
//! [`ingest`](ValueStream::ingest) is given the bytes. An export of a gigabyte need not be in memory for it:
//! [`ingest_reader`](ValueStream::ingest_reader) takes whatever [reads](std::io::Read) and applies records as they
//! arrive, tells how far it has come, and stops when it is told to. The report and the record are those of reading the whole,
//! wherever the input happened to be cut: at the ends of lines, of the records in a list, or of rows, so that it costs a few
//! megabytes. Where records explain one another, as the issues of Jira and the commits of Bitbucket do, all have to be seen
//! before the first is read: [`ingest_file`](ValueStream::ingest_file) reads a file twice for that, where a reader that
//! comes once is gathered. XML and OCEL are gathered in any case. A record, line or row of more than [`LONGEST_LINE`] bytes
//! is a reject, and so is a text of more than [`LONGEST_DOCUMENT`] that would have to be gathered.
//!
//! ```
//! use std::ops::ControlFlow;
//! use vsm_core::{Adapter, IngestOptions, ValueStream};
//! let file: &[u8] = br#"
//! {"source":"plan","id":"1","occurred_at":"2026-03-02T09:00:00Z","item":"plan:R1","kind":"release"}
//! {"source":"plan","id":"2","occurred_at":"2026-03-02T09:00:00Z","item":"plan:R1"
//! "#;
//! let mut stream = ValueStream::new();
//! let run = stream.ingest_reader(Adapter::Events, ("plan.jsonl", file), &IngestOptions::default(), |now| {
//!     if now.rejects > 100 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
//! })?;
//! assert_eq!((run.report.applied.accepted, run.report.rejects[0].position, run.cancelled), (1, 3, false));
//! # Ok::<(), vsm_core::Error>(())
//! ```
//!
//! What was applied stays when it is stopped or the reader fails. Reading the same input again later is no harm: an event
//! that is there already is a duplicate.
//!
//! # Memory and cost
//!
//! A stream is held in memory: every item, link and event in compact form. Ids are kept once, a field takes a slot where an
//! event sets it and nothing where not. [`approximate_bytes`](ValueStream::approximate_bytes) says what it comes to.
//!
//! Cloning shares everything, so a snapshot for a reader is free; the first event that is applied while it is alive copies
//! the state once. A [`ValueStream`] is `Send` and `Sync`: questions may be asked from many threads at once.
//!
//! With *N* items, *M* links and *E* events in the stream, and *n*, *m*, *e* in what a question is about:
//!
//! | call | takes |
//! |---|---|
//! | `clone`, [`as_of`](ValueStream::as_of) | O(1) |
//! | [`apply`](ValueStream::apply) | what the event says; for a late event a few steps, or the logarithm of how many its item has; for a need that goes against the order kept so far, a search of the items between; for an alias that is an item already, that item's events and links |
//! | [`ingest`](ValueStream::ingest), [`ingest_reader`](ValueStream::ingest_reader), [`apply_json_lines`](ValueStream::apply_json_lines) | O(bytes), and applying the events |
//! | [`correlate`](ValueStream::correlate) | O(*N* log *N* + *M* + text and attributes of all but the work) |
//! | [`item`](ValueStream::item), [`history`](ValueStream::history) | O(*e*), the events of the item |
//! | [`links`](ValueStream::links) | O(*m* log *m*), the links of the item |
//! | [`readiness`](ValueStream::readiness) | O(*n* + *m*), what the item needs, and the commits behind its builds; for the dates of what is open what `critical_path` takes |
//! | [`verdicts`](ValueStream::verdicts) | one pass, O(*N* + *M*), and the commits behind all builds; the list costs a text for each item in it |
//! | [`watch`](ValueStream::watch) | as `verdicts` |
//! | [`Watch::update`] | what the new events touch, and what changes by it; [`Watch`] says more |
//! | [`live_metric`](ValueStream::live_metric) | as `metric` |
//! | [`LiveMetric::update`] | what the new events touch, and the values of the rows that change by it; [`LiveMetric`] says more |
//! | [`Watch::advance`] | judging all releases and gates |
//! | [`critical_path`](ValueStream::critical_path) | O(*n* + *m*), what the item needs; where one of its trains has a capacity, what all open releases on such trains need; `longest_paths` and `shorten_by` cost a search and up to 400 partial passes more |
//! | [`release_dates`](ValueStream::release_dates) | one pass, O(*N* + *M*), and the chains; a second one where a train has a capacity |
//! | [`schedule`], [`LiveSchedule`] | O(*n* + *m*), activities and dependencies of your own; a change what it touches |
//! | [`quantiles`], [`survival`], [`process_behaviour`], [`rank_correlation`] | O(*n* log *n*), the numbers that are given |
//! | [`compare_samples`] | O(*n* log *n*), the numbers of both samples together |
//! | [`change_points`] | O(*n*) to O(*n*²), by method and data; bounded, and refused beyond |
//! | [`picture`] | O(*n* log *n*), the activities of the record; what is drawn is bounded |
//! | [`flow_metrics`](ValueStream::flow_metrics) | O(*N* + *e*), the events of the items within, and a step for each item and day in progress |
//! | [`metric`](ValueStream::metric), [`metric_samples`](ValueStream::metric_samples) | O(*N* + *e*), the events of the items within, and a step for each item and part of the window that it is open in; [`reconcile`](ValueStream::reconcile) that for each rule that differs; [`metric_trend`](ValueStream::metric_trend) also O(*n*²), the parts of the window |
//! | [`cumulative_flow`](ValueStream::cumulative_flow) | O(*N* + *e*), and a step for each stage and day |
//! | [`time_in_state`](ValueStream::time_in_state) | O(*N* + *e* log *e*); the list costs a record for each item and state |
//! | [`ageing`](ValueStream::ageing), [`rework`](ValueStream::rework) | O(*N* + *e*) |
//! | [`littles_law`](ValueStream::littles_law) | O(*e* + *N* log *N*) |
//! | [`flow_causes`](ValueStream::flow_causes) | O(*N* + *e*), the history of the items twice, and their releases with scope, gates and bookings |
//! | [`delivery`](ValueStream::delivery) | one pass, the deployments, and the commits behind them once for each application and environment |
//! | [`release_times`](ValueStream::release_times) | O(*N*), and the history of the scopes and gates of the releases |
//! | [`waited_for`](ValueStream::waited_for) | O(*n* log *n* + *e*), the parts and their history |
//! | [`scope`](ValueStream::scope) | the scope, and the commits behind the release and those before it |
//! | [`prioritize`](ValueStream::prioritize) | O(*N*), and for each item asked about what waits for it |
//! | [`value_realized`](ValueStream::value_realized) | O(*N*), the commits in production, and the history of the items asked about |
//! | [`value_order`](ValueStream::value_order) | O(*N* + *n* log *n*), the commits in production, and the history of the items asked about |
//! | [`outcome_change`](ValueStream::outcome_change) | the history of the item; with a release O(*N*) and the commits in production |
//! | [`say_do`](ValueStream::say_do) | the scope at three times and its history; of an iteration O(*N*) |
//! | [`defects`](ValueStream::defects) | O(*N*), the commits in production, the history of the defects, and a step for each and part of the window |
//! | [`tests`](ValueStream::tests) | O(*N* + *n* log *n*), the test runs, and those of one flaky revision against each other |
//! | [`gate_lateness`](ValueStream::gate_lateness) | O(*N*), or what the item consists of, and the history of the gates |
//! | [`transitions`](ValueStream::transitions), [`template_events`](ValueStream::template_events) | the history of the release, of what the template gives it, and the releases below |
//! | [`trace`](ValueStream::trace) | what is found, and the later commits where the way leads through a change |
//! | [`booking_conflicts`](ValueStream::booking_conflicts) | O(*N* + *n* log *n*), the bookings; the list costs a record for each side |
//! | [`next_slot`](ValueStream::next_slot) | O(*n* log *n*), the bookings of the environments and of the groups around them |
//! | [`environment_contents`](ValueStream::environment_contents), [`drift`](ValueStream::drift) | the deployments to the environments; `drift` also the commits behind builds that differ |
//! | [`impact`](ValueStream::impact) | what the releases are linked to |
//! | [`lineage`](ValueStream::lineage) | O(*n* + *m*), what is found, and O(*N* + *M*) at most; the list costs a text for each item in it |
//! | [`coverage`](ValueStream::coverage) | O(*N* + *M*) |
//! | [`data_quality`](ValueStream::data_quality) | O(*N* log *N* + *M* + *E*), a fixed number of looks at everything |
//! | [`outlook`](ValueStream::outlook) | the parts together; `readiness` once for each stage |
//! | [`to_snapshot`](ValueStream::to_snapshot), [`from_snapshot`](ValueStream::from_snapshot), [`to_ocel`](ValueStream::to_ocel) | O(*E*); the last also the links |
//!
//! Schedules, verdicts and the earliest dates of unmet facts come from a layout of all needs in topological order,
//! O(*N* + *M*). It is made when first needed and kept until an item or link changes. A view of the past looks into the
//! history where the present has its last value at hand, and makes a layout of its own; ask one view several questions
//! rather than several views one.
//!
//! # Schedules
//!
//! [`critical_path`](ValueStream::critical_path) schedules what an item of the stream needs, [`schedule`] activities that
//! are given, [`LiveSchedule`] the same while they change. Where tools differ the rule is chosen by name and told in
//! the answer's `basis`:
//!
//! | what | `critical_path` | default of `schedule`, as Microsoft Project | to have it as Primavera |
//! |---|---|---|---|
//! | started work (`progress`) | `retained_logic` | `actual_dates`; with `status_at` `retained_logic` | `retained_logic` |
//! | demanded dates (`honor_constraints`) | dependencies win | dates win | `false` |
//! | leads before the start (`lead_before_start`) | never | allowed, but for finish to finish | `false` |
//! | lags (`lag_calendar`) | by the calendar of what waits | `successor` | `predecessor` |
//! | what takes no time | at any time | at working times or at the end of one | the same |
//! | total float | the smaller of start and finish float | the same | the same |
//!
//! With the defaults of `schedule` and without a status date every date and float is that of MPXJ's
//! `MicrosoftScheduler`, to the minute; `tools/mpxj` compares the two on as many random networks as you like. A
//! duration is what is said to be left of an item, else its estimate, else the planned time from `starts_at` to
//! `ends_at` or `due_at`, else a percentile of how long finished items of its kind took (`history_percentile`; of runs
//! those that worked, from `starts_at` to their end), else `default_duration`; `duration_from` says which.
//!
//! # Metrics
//!
//! The same items have a mean cycle time of 4.6 days in one tool, of 5.1 in the next and of 5.5 in a third, and each is
//! right: they count days differently. Here a metric is data. [`metrics`] lists them; a [`MetricQuery`] names one, with the
//! population, the window, the groups and the parts of the window; [`MetricRules`] say what begins and ends, how days are
//! counted, what a re-opened item is, which percentile is meant. A preset is a set of rules under the name of the tool that
//! has them:
//!
//! | preset | of | differs from the default in |
//! |---|---|---|
//! | `devlake2021`, `devlake2023` | `lead_time`, `time_to_restore` | the mean of lead times |
//! | `flowmetricscsv` | `cycle_time`, `age`, `wip` | whole days of 24 hours and one more; interpolated percentiles; what is in progress when a day begins |
//! | `gitlab` | `lead_time`, `cycle_time` | cycle time begins with the first commit |
//! | `jira_agile_metrics` | `cycle_time`, `age`, `wip` | the difference of the dates; interpolated percentiles |
//! | `jira_control_chart` | `cycle_time` | every stay in the chosen states; the mean |
//! | `lighthouse` | `cycle_time`, `age`, `wip` | both dates count; closed before started is one day |
//! | `planview_viz` | `flow_time` | the mean |
//!
//! Whatever a query says itself wins over its preset. The rules that held are in the answer's basis, and
//! [`reconcile`](ValueStream::reconcile) tells which of them make two figures differ, item by item:
//!
//! ```
//! use vsm_core::{Event, FlowState, Kind, MetricQuery, ReconcileQuery, ValueStream};
//! let mut stream = ValueStream::new();
//! for (n, at, state) in [(1, "2026-03-02T10:00:00Z", FlowState::Active), (2, "2026-03-04T09:00:00Z", FlowState::Done)] {
//!     let mut event = Event::new("jira", format!("{n}"), at.parse()?, "jira:CHK-1");
//!     event.kind = Some(Kind::Story);
//!     event.set.state = Some(state);
//!     stream.apply(event)?;
//! }
//! let march = MetricQuery::new("cycle_time", "2026-03-01T00:00:00Z".parse()?, "2026-04-01T00:00:00Z".parse()?, "UTC");
//! let why = stream.reconcile(&ReconcileQuery {
//!     query: march,
//!     preset_a: Some("flowmetricscsv".into()),
//!     preset_b: Some("lighthouse".into()),
//! })?;
//! assert_eq!((why.value_a, why.value_b), (Some(2.0), Some(3.0)));
//! assert_eq!(why.items[0].rules, ["day_count"]);
//! # Ok::<(), vsm_core::Error>(())
//! ```
//!
//! An item belongs to the part of the window that its end lies in, as what it was then; what it is later rewrites nothing.
//! What is open is no sample of a duration, and is counted beside it. Each rule for days goes with one for work in progress
//! (elapsed with `integral`, inclusive with `inclusive`, exclusive with `exclusive`): only then what is in progress on average
//! is arrivals times duration. A [`MetricState`] is a metric before its last step: those of several records add up.
//!
//! Builds, test runs and deployments that are still to come are activities too. Nobody states what they wait for, but what
//! they are linked to says so; `policy` has the ladder of stages.
//! | what has not begun | waits for | is found at a release by |
//! | a build | the work that it states to contain (`contains`); else the scope of the releases that it is a `candidate` of, without the work of applications other than its own | `candidate`, the tagged commit where there is none, or `contains` of work in its scope |
//! | a test run | the builds that it `tests`, and their open deployments to the place it runs in (`ran_in`) | its build |
//! | a deployment | the builds that it `deploys`; their open tests and deployments on the stages below its own (`deployed_to`), tests without a place or stage among them; the release's gates of its stage, of those below and of no stage | its build |
//! | the release | all of these, beside its scope, parts, gates and upstream releases | |
//! Each is over when it has a result other than `running` or is done, failed ones as well: then it is an actual, and another
//! one has to come. What is running or active waits for nothing by these rules, and goes on. Tests count where the
//! stage above their place asks for them, those without a place where the first stage does; tests and deployments beside the
//! ladder don't. Where the release takes a train, that is what brings it to the last stage, and a deployment there is no
//! activity of its own. What is left out so is listed under `excluded`. A run that nobody ended is out of date
//! when a later one of its sort is over (a build of its application, a run of its suite or a deployment, to the same
//! place), unless it is new or has a date to come. What is stated wins: a need by these rules that would let something wait for itself does
//! not hold (`needed_by_rule_but_in_a_circle`). A release without such items is scheduled by what is stated alone.
//!
//! Each is over when it has a result other than `running` or is done, failed ones as well: then it is an actual, and
//! another one has to come. What is running or active waits for nothing by these rules, and goes on. Tests count where
//! the stage above their place asks for them, those without a place where the first stage does; tests and deployments
//! beside the ladder don't. Where the release takes a train, that is what brings it to the last stage, and a deployment
//! there is no activity of its own. What is left out so is listed under `excluded`. A run that nobody ended is out of
//! date when a later one of its sort is over (a build of its application, a run of its suite or a deployment, to the
//! same place), unless it is new or has a date to come. What is stated wins: a need by these rules that would let
//! something wait for itself does not hold (`needed_by_rule_but_in_a_circle`). A release without such items is
//! scheduled by what is stated alone.
//!
//! # Statistics
//! Six functions take numbers, in whatever unit, and no stream:
//! | question | function |
//! |---|---|
//! | Below which value do so many lie? | [`quantiles`], by any [`PercentileRule`] |
//! | How long does it take, the open ones counted as well? When is this one done, at its age? | [`survival`] |
//! | What does the process do by itself, and what can't be chance? | [`process_behaviour`] |
//! | When did the level change? | [`change_points`] |
//! | Is this period better than that one, by how much, and how sure is that? | [`compare_samples`] |
//! | Do two figures rise and fall together, such as priority and order of delivery? | [`rank_correlation`] |
//! A number that is not finite, or beyond 10¹⁰⁰, is refused with its place. What the data do not carry has no value, and a
//! [`NoValue`] says why. Nothing is drawn at random, and logarithms and the like are not those of the machine, so the same
//! numbers give the same bytes everywhere.
//! # Features
//!
//! * `arrow`: answers as Arrow record batches and IPC bytes (`ToArrow`), and tables in such batches or bytes read by a mapping
//!   (`ValueStream::ingest_arrow`). It adds `arrow-array`, `arrow-buffer`, `arrow-ipc` and `arrow-schema`, which take a minute to
//!   compile.
//!
//! Without features the crate opens no file. Two features bring a place for the record, and with it the one room of the
//! crate that names files at all:
//!
//! * `journal`: `Journal`, a file of the engine's own. It adds `crc32fast`, `sha2` and `fs4`.
//! * `sqlite`: `Sqlite`, a SQLite database that other programs can read while it grows. It adds `rusqlite` with SQLite
//!   itself, for which a C compiler is needed, `sha2` and `fs4`.
#![forbid(unsafe_code)]
// Whatever comes in, nothing here may end the host: what could panic has to be written so that it can't.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::todo,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

mod analyze;
#[cfg(feature = "arrow")]
mod arrow;
mod calendar;
mod call;
mod claims;
mod commits;
mod correlate;
mod document;
mod error;
mod graph;
mod hash;
mod ingest;
mod intake;
mod join;
mod late;
mod links;
mod lives;
mod model;
mod names;
mod news;
mod ocel;
mod record;
mod run;
mod store;
mod stream;
mod text_enum;
mod texts;
mod time;
mod view;

pub use analyze::{
    Activity, ActivityMove, AgeBand, Ageing, AgeingItem, AgeingQuery, Aggregation, ArrivalRule,
    ArrivalSource, AttributionRule, Basis, BehaviourSignal, BlockedTime, BookingBlackout, BookingConflict,
    BookingConflicts, BookingConflictsQuery, BookingSide, Bucket, CarriedOver, CauseTime, CenterRule,
    ChangePointCost, ChangePointMethod, ChangePoints, ChangePointsQuery, ChangeReason, ChangeSegment,
    CompareSamplesQuery, ComparedSample, Condition, ConditionalCompletion, ConflictMode, Coverage,
    CoverageRow, CrashOption, CriticalPath, CriticalPathQuery, CumulativeDay, CumulativeFlow,
    CumulativeFlowQuery, CumulativeForm, DataQuality, DataQualityQuery, DateConstraint, DayCount, DayLoad,
    DefectDensity, DefectStage, DefectTrend, Defects, DefectsQuery, DeliveredChange, DeliveredDeployment,
    DeliveredPullRequest, Delivery, DeliveryAverage, DeliveryBand, DeliveryBands, DeliveryBatch,
    DeliveryBucket, DeliveryFrequency, DeliveryGroup, DeliveryIncident, DeliveryMetric, DeliveryPreset,
    DeliveryPresetRules, DeliveryQuery, DeliveryRow, DeliveryRules, DeliveryShare, DeliveryStanding,
    DeliveryTime, DeliveryTrendQuery, DepartureReach, Departures, DeparturesQuery, DetectionRule,
    DetectionRuleSet, Drift, DriftQuery, DriftRelation, DriftRow, DurationSource, Durations, EfficiencyRule,
    EnvironmentContent, EnvironmentContents, EnvironmentContentsQuery, EnvironmentLoad, Estimate, Exclusion,
    Explanation, ExplanationNode, FactDeadline, FailRateRule, Finding, FindingExample, FindingGroup,
    FirstDeploymentRule, FlakyRevision, FlakyTest, FloatPath, FlowCause, FlowCauses, FlowCausesQuery,
    FlowEnd, FlowItem, FlowMetrics, FlowQuery, FlowShare, FlowStage, FreeSlot, FrequencyMeasure,
    FrequencyRule, GateLateness, GateLatenessQuery, GateTiming, Impact, ImpactCell, ImpactQuery,
    ImpactRelation, InfeasibleDate, InheritRule, ItemCauses, ItemDifference, ItemRework, ItemStateTime,
    ItemVerdict, LagCalendar, LatentDefects, LeadTimeRule, LifecycleStep, Lineage, LineageQuery, LineageSide,
    LittlesLaw, LittlesLawQuery, LittlesLawRow, LittlesLawRule, LiveMetric, LiveSchedule, MESSAGES,
    MannWhitney, Measure, MergePoint, MergeQuery, Message, MessageArg, MessageTemplate, MetFact, MetricCell,
    MetricChanges, MetricEvent, MetricEvidence, MetricInfo, MetricPreset, MetricQuery, MetricRow,
    MetricRules, MetricSample, MetricSamples, MetricState, MetricTable, MetricTableQuery, MetricTrend,
    MetricTrendQuery, MetricUnit, MovingRangeRule, NamedCalendar, NegativeRule, NetworkActivity,
    NetworkChange, NetworkDependency, NetworkQuery, NextSlot, NextSlotQuery, NoDeploymentRule, NoFigure,
    NoValue, OpenRule, OrderCost, OutcomeChange, OutcomeChangeQuery, Outlook, OutlookQuery, PValueRule,
    PartGroup, PartWait, PartsWait, PercentileRule, PictureForm, PictureOptions, Policy, PolicyRule,
    Priorities, PrioritizeQuery, PriorityItem, ProcessBehaviour, ProcessBehaviourQuery, ProgressRule,
    PullRequestSplit, QualityMetric, QualityTrendQuery, Quantile, Quantiles, QuantilesQuery, RankCorrelation,
    RankCorrelationQuery, RankRule, ReEntryRule, ReEstimate, Reach, Readiness, ReadinessChange,
    ReadinessChanges, ReadinessChangesQuery, ReadinessQuery, ReconcileQuery, Reconciliation, RecoveryRule,
    ReleaseDate, ReleaseDates, ReleaseDatesQuery, ReleaseEscapes, ReleaseTemplate, ReleaseTime, ReleaseTimes,
    ReleaseTimesQuery, ReopenPolicy, Rework, ReworkQuery, RuleDifference, RuleTest, SampleComparison,
    SampleSummary, SayDo, SayDoAmount, SayDoQuery, ScheduleChanges, Scope, ScopeLevel, ScopeMeasure,
    ScopeQuery, SeriesRule, ShippedItem, Shipping, SignalSide, SlotBlock, SlotCause, StageAge, StageOutlook,
    StageYield, StartCause, StateTime, StateWords, SuiteResults, Survival, SurvivalPercentile, SurvivalQuery,
    SurvivalStep, SurvivalSummary, TargetDate, TargetDates, TemplateActivity, TemplateCriterion,
    TemplateEvents, TemplateGate, TemplatePhase, TemplateQuery, TemplateSkip, Tests, TestsQuery, TimeInState,
    TimeInStateQuery, Trace, TraceStep, Transition, Transitions, TransitionsQuery, TrendGroup, TrendPoint,
    UncausedRule, Unmet, ValueOrder, ValueOrderItem, ValueOrderQuery, ValuePoint, ValueRealized,
    ValueRealizedQuery, ValueRow, ValueTrendQuery, Verdict, VerdictChange, VerdictChanges, VerdictQuery,
    Verdicts, WaitedFor, WaitedForQuery, Waiver, Watch, WatchQuery, WeekRule, WipRule, change_points,
    compare_samples, delivery_bands, delivery_presets, merge_metrics, messages, metric_presets, metric_table,
    metrics, picture, process_behaviour, quantiles, rank_correlation, schedule, survival, translate,
};
#[cfg(feature = "arrow")]
pub use arrow::{ToArrow, arrow_ipc};
pub use calendar::{
    Blackout, Cadence, Calendar, CalendarException, ClockHours, HolidayRule, Weekday, WorkingHours,
    WorkingTime, add_working_time, next_departure, working_time_between,
};
#[cfg(feature = "arrow")]
pub use call::{ARROW_CALLS, call_arrow};
pub use call::{CALLS, CHANGES, LIVE_METRIC_CALLS, LIVE_SCHEDULE_CALLS, WATCH_CALLS, call};
pub use correlate::{CorrelationRule, CorrelationRules, EnvironmentNames, VersionRule};
pub use document::{LONGEST_LINE, event_to_json};
pub use error::{Error, Result};
pub use ingest::{
    Adapter, CdEvent, DateOrder, IngestOptions, Ingested, LONGEST_DOCUMENT, MappedLink, Reject, RowFormat,
    TableMapping, ingest,
};
pub use intake::IngestReport;
pub use model::{
    Booking, Boundary, Decision, Dependency, Event, Fields, FlowState, Item, Kind, Link, LinkKind, Outcome,
    Related, ReleaseState, Severity, TestCounts,
};
pub use run::{IngestProgress, IngestRun, ingest_file, ingest_reader};
#[cfg(feature = "journal")]
pub use store::Journal;
#[cfg(feature = "sqlite")]
pub use store::Sqlite;
#[cfg(any(feature = "journal", feature = "sqlite"))]
pub use store::{AnyStream, STORE_CALLS, StoreFormat, StoreOptions};
pub use store::{Audit, Damage, Durability, Recovery, Seal, Store, StoredStream};
pub use stream::{Applied, ApplyReport, Refusal, ValueStream};
pub use time::{Instant, Span, Zone};
