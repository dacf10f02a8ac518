import java.time.Instant
import java.util.concurrent.Callable
import java.util.concurrent.Executors
import vsm.Adapter
import vsm.Blackout
import vsm.Cadence
import vsm.Calendar
import vsm.CriticalPathQuery
import vsm.Dependency
import vsm.Event
import vsm.Fields
import vsm.FlowState
import vsm.IngestOptions
import vsm.Kind
import vsm.Link
import vsm.LinkKind
import vsm.MetricQuery
import vsm.MetricRow
import vsm.OutlookQuery
import vsm.ReadinessQuery
import vsm.ScopeQuery
import vsm.Severity
import vsm.ValueStream
import vsm.Verdict
import vsm.VerdictChange
import vsm.VerdictQuery
import vsm.VsmException
import vsm.WatchQuery
import vsm.Weekday
import vsm.WorkingHours
import vsm.addWorkingTime
import vsm.defaultPolicy
import vsm.nextDeparture
import vsm.version
import vsm.workingTimeBetween

const val HOUR = 3_600_000L

fun at(text: String): Instant = Instant.parse(text)

fun event(id: String, item: String, kind: Kind? = null, set: Fields = Fields(), links: List<Link> = emptyList()) =
    Event(source = "plan", id = id, occurredAt = at("2026-03-02T08:00:00Z"), item = item, kind = kind, set = set, links = links)

/** A release with one active feature that takes another day. */
fun release(): ValueStream = ValueStream().also {
    it.apply(event("1", "plan:R1", Kind.RELEASE, Fields(title = "Mobile 4.12")))
    it.apply(
        event(
            "2", "plan:F1", Kind.FEATURE,
            Fields(title = "Deposit a check by photo", state = FlowState.ACTIVE, remainingMs = 24 * HOUR),
            listOf(Link(kind = LinkKind.SHIPS_IN, to = "plan:R1")),
        ),
    )
}

fun behaviourTests() {
    test("a typed event is taken and read back") {
        val stream = ValueStream()
        val set = Fields(title = "Crop", estimateMs = 8 * HOUR, dueAt = at("2026-04-01T00:00:00Z"), attributes = mapOf("Squad" to "Blue"))
        val lag = Link(kind = LinkKind.DEPENDS_ON, to = "plan:F2", dependency = Dependency.START_TO_START, lagMs = -2 * HOUR)
        val said = event("1", "plan:F1", Kind.FEATURE, set, listOf(lag))
        equal(true, stream.apply(said))
        equal(false, stream.apply(said))
        equal(set, stream.item("plan:F1").fields)
        equal(listOf(said), stream.history("plan:F1"))
        equal(listOf("plan:F1"), stream.items(Kind.FEATURE))
        equal(listOf("plan:F1", "plan:F2"), stream.items())
        equal(LinkKind.DEPENDS_ON, stream.links("plan:F2").single().kind)
        equal(listOf(2UL, 1UL, 1UL), listOf(stream.itemCount(), stream.eventCount(), stream.linkCount()))
    }

    test("a batch never fails for one event") {
        val report = ValueStream().applyBatch(listOf(event("1", ""), event("2", "plan:F1"), event("2", "plan:F1")))
        equal(listOf(1UL, 1UL), listOf(report.accepted, report.duplicates))
        equal("invalid", report.refused.single().code)
        equal(1UL, report.refused.single().position)
    }

    test("answers are data classes with names and defaults") {
        val stream = release()
        val now = at("2026-03-03T08:00:00Z")
        val readiness = stream.readiness(ReadinessQuery(item = "plan:R1", at = now))
        equal(Verdict.NOT_READY, readiness.verdict)
        holds("something is unmet", readiness.unmet.isNotEmpty())
        val path = stream.criticalPath(CriticalPathQuery(item = "plan:R1", at = now))
        equal(at("2026-03-04T08:00:00Z"), path.readyAt)
        equal(24 * HOUR, path.lengthMs)
        equal(listOf("plan:F1"), stream.scope(ScopeQuery(release = "plan:R1", at = now)).current)
        holds("both items have a verdict", stream.verdicts(VerdictQuery(at = now)).items.map { it.item }.containsAll(listOf("plan:F1", "plan:R1")))
        val outlook = OutlookQuery(release = "plan:R1", at = now, zone = "Europe/Zurich")
        equal("Mobile 4.12", stream.outlook(outlook).title)
        holds("the page has a title", "Mobile 4.12" in stream.outlookText(outlook))
    }

    test("a watch tells what changed") {
        val stream = release()
        val now = at("2026-03-03T08:00:00Z")
        val watch = stream.watch(WatchQuery(at = now))
        equal(now, watch.at())
        equal(Verdict.NOT_READY, watch.verdict(stream, "plan:R1"))
        equal(emptyList<VerdictChange>(), watch.update(stream).changed)
        stream.apply(event("watched", "plan:F1").copy(set = Fields(state = FlowState.DONE)))
        val changed = watch.update(stream).changed.single { it.item == "plan:R1" }
        equal(listOf(Verdict.NOT_READY, Verdict.UNKNOWN), listOf(changed.from, changed.to))
        val later = at("2026-03-04T08:00:00Z")
        equal(emptyList<VerdictChange>(), watch.advance(stream, later).changed)
        equal(later, watch.at())
    }

    test("a metric is kept up to date, and is that of counting anew") {
        val stream = ValueStream()
        val query = MetricQuery(metric = "throughput", start = at("2026-03-02T00:00:00Z"), end = at("2026-03-16T00:00:00Z"), zone = "UTC")
        val live = stream.liveMetric(query)
        for (n in 1..2) {
            stream.apply(event("done/$n", "plan:$n").copy(kind = Kind.STORY, set = Fields(state = FlowState.DONE)))
        }
        equal(2UL, live.follow(stream))
        equal(listOf<Double?>(2.0), live.update(stream).rows.map { it.value })
        equal(emptyList<MetricRow>(), live.update(stream).rows)
        equal(query, live.query())
        equal(stream.metric(query), live.table(stream))
        equal(stream.metricState(query), live.state(stream))
        equal("stream", refused<VsmException.Invalid> { live.update(ValueStream()) }.field)
        equal("metric", refused<VsmException.Invalid> { stream.liveMetric(query.copy(metric = "luck")) }.field)
    }

    test("a policy starts from the engine's own") {
        val policy = defaultPolicy()
        equal("production", policy.stages.last())
        val strict = policy.copy(blocking = Severity.TRIVIAL)
        val query = ReadinessQuery(item = "plan:R1", at = at("2026-03-03T08:00:00Z"), policy = strict)
        equal("production", release().readiness(query).stage)
    }

    test("JSON Lines are taken in bulk, and what is wrong with one is told with its line") {
        val report = ValueStream().applyJsonLines(
            """{"source":"plan","id":"1","occurred_at":"2026-03-02T08:00:00Z","item":"plan:R1","colour":1}
            {"source":"plan","id":"2"
            ${"[".repeat(100_000)}
            {"source":"plan","id":"3","occurred_at":"2026-03-02T08:00:00Z","item":"plan:R1","kind":"unicorn"}""".toByteArray(),
        )
        equal(1UL, report.accepted)
        equal(listOf(2UL, 3UL, 4UL), report.refused.map { it.position })
        equal(mapOf("colour" to 1UL), report.unknownFields)
    }

    test("tools' own files are read, with rejects") {
        val commit = """{"sha":"4f2c","parents":[],"committed":"2026-03-01T09:00:00+01:00","subject":"Crop"}"""
        val report = ValueStream().ingest(Adapter.GIT, "$commit\nno commit".toByteArray())
        equal(1UL, report.applied.accepted)
        equal(2UL, report.rejects.single().position)
        val undated = """<testsuite name="smoke" timestamp="2026-03-01T09:00:00"><testcase name="a"/></testsuite>""".toByteArray()
        holds("a stamp without zone is a reject", ValueStream().ingest(Adapter.JUNIT, undated).rejects.isNotEmpty())
        val zoned = ValueStream().ingest(Adapter.JUNIT, undated, IngestOptions(zone = "UTC", build = "jenkins:app#1"))
        equal(emptyList<vsm.Reject>(), zoned.rejects)
    }

    test("links are inferred on demand") {
        val stream = ValueStream()
        stream.apply(event("1", "jira:CHK-1", Kind.FEATURE))
        val commit = """{"sha":"4f2c","parents":[],"committed":"2026-03-01T09:00:00Z","subject":"CHK-1 Crop"}"""
        stream.ingest(Adapter.GIT, commit.toByteArray())
        stream.correlate()
        val link = stream.links("jira:CHK-1").single { it.kind == LinkKind.IMPLEMENTS }
        holds("it names its rule", link.rule != null)
    }

    test("a view of the past is read-only and a copy is not") {
        val stream = release()
        val before = at("2026-03-01T00:00:00Z")
        val view = stream.asOf(before, before)
        refused<VsmException.UnknownItem> { view.item("plan:R1") }
        refused<VsmException.ReadOnly> { view.apply(event("3", "plan:F2")) }
        val copy = stream.copy()
        copy.apply(event("3", "plan:F2"))
        equal(listOf(3UL, 2UL), listOf(copy.eventCount(), stream.eventCount()))
    }

    test("a snapshot restores the stream, byte for byte") {
        val written = release().snapshot()
        holds("the same again", written.contentEquals(ValueStream.fromSnapshot(written).snapshot()))
    }

    test("any call goes by name and JSON as well") {
        val answer = parseJson(release().call("readiness", """{"item":"plan:R1","at":"2026-03-03T08:00:00+00:00"}""")) as Map<*, *>
        equal("not_ready", answer["verdict"])
        equal("2026-03-03T08:00:00.000Z", answer["at"])
    }

    test("instants keep their milliseconds from year 1 to year 9999, and no others are taken") {
        for (text in listOf("0001-01-01T00:00:00Z", "1969-12-31T23:59:59.999Z", "2026-03-01T09:00:00.123Z", "9999-12-31T23:59:59.999Z")) {
            val stream = ValueStream()
            stream.apply(event("1", "plan:F1", set = Fields(dueAt = at(text))))
            equal(at(text), stream.item("plan:F1").fields.dueAt)
        }
        val tooLate = event("1", "plan:F1", set = Fields(dueAt = at("+10000-01-01T00:00:00Z")))
        equal("instant", refused<VsmException.Invalid> { ValueStream().apply(tooLate) }.field)
        refused<ArithmeticException> { ValueStream().apply(event("1", "plan:F1", set = Fields(dueAt = Instant.MAX))) }
    }

    test("names keep every character, and control characters are refused") {
        val name = "\u202Eصك \uD83D\uDCF7 \"\\\n"
        val stream = ValueStream()
        stream.apply(event("1", "plan:\u202Eصك", set = Fields(title = name)))
        equal(name, stream.item("plan:\u202Eصك").fields.title)
        equal("item", refused<VsmException.Invalid> { stream.apply(event("2", "plan:\u0000")) }.field)
    }

    test("numbers that are none are refused") {
        for (number in listOf(Double.NaN, Double.POSITIVE_INFINITY)) {
            equal("size", refused<VsmException.Invalid> { ValueStream().apply(event("1", "plan:F1", set = Fields(size = number))) }.field)
        }
    }

    test("working time") {
        val week = listOf(Weekday.MON, Weekday.TUE, Weekday.WED, Weekday.THU, Weekday.FRI).map { WorkingHours(it, "09:00", "17:00") }
        val calendar = Calendar(zone = "UTC", hours = week)
        val friday = at("2026-03-06T09:00:00Z")
        equal(at("2026-03-09T13:00:00Z"), addWorkingTime(calendar, friday, 12 * HOUR))
        equal(12 * HOUR, workingTimeBetween(calendar, friday, at("2026-03-09T13:00:00Z")))
        equal(-12 * HOUR, workingTimeBetween(calendar, at("2026-03-09T13:00:00Z"), friday))
        val freeze = Blackout(start = at("2026-12-25T00:00:00Z"), end = at("2026-12-28T00:00:00Z"))
        val holidays = Calendar(zone = "UTC", blackouts = listOf(freeze))
        equal(at("2026-12-30T00:00:00Z"), addWorkingTime(holidays, at("2026-12-24T00:00:00Z"), 72 * HOUR))
    }

    test("trains") {
        val train = Cadence(departure = at("2026-01-06T00:00:00Z"), everyDays = 14U)
        equal(at("2026-03-17T00:00:00Z"), nextDeparture(train, at("2026-03-04T00:00:00Z")))
        equal(null, nextDeparture(Cadence(departure = at("2026-01-06T00:00:00Z")), at("2026-03-04T00:00:00Z")))
    }

    test("many threads use one stream") {
        val stream = release()
        val threads = Executors.newFixedThreadPool(8)
        val work = (0 until 200).map { n ->
            Callable {
                if (n % 2 == 0) stream.apply(event("thread/$n", "plan:T$n")) else stream.coverage()
            }
        }
        threads.invokeAll(work).forEach { it.get() }
        threads.shutdown()
        equal(102UL, stream.eventCount())
    }

    test("a closed stream is refused") {
        val stream = ValueStream()
        stream.close()
        refused<IllegalStateException> { stream.itemCount() }
    }

    test("the engine tells its version") {
        holds("three numbers", Regex("""\d+\.\d+\.\d+""").containsMatchIn(version()))
    }
}
