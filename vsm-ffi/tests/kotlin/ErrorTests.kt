import vsm.Calendar
import vsm.Event
import vsm.FlowQuery
import vsm.Kind
import vsm.Link
import vsm.LinkKind
import vsm.ValueStream
import vsm.VsmException
import vsm.addWorkingTime

private fun kindOf(error: VsmException): String =
    // Without an else: it compiles as long as the class is sealed and these are all.
    when (error) {
        is VsmException.UnknownItem -> "unknown_item"
        is VsmException.Cycle -> "cycle"
        is VsmException.Invalid -> "invalid"
        is VsmException.UnknownZone -> "unknown_zone"
        is VsmException.Document -> "document"
        is VsmException.Conflict -> "conflict"
        is VsmException.ReadOnly -> "read_only"
        is VsmException.Horizon -> "horizon"
        is VsmException.Storage -> "storage"
        is VsmException.Other -> "other"
    }

private fun needs(id: String, item: String, other: String): Event =
    event(id, item, links = listOf(Link(kind = LinkKind.DEPENDS_ON, to = other)))

fun errorTests() {
    val stream = ValueStream()
    stream.apply(needs("1", "plan:A", "plan:B"))

    test("an unknown item is named") {
        val error = refused<VsmException.UnknownItem> { stream.item("plan:Z") }
        equal("plan:Z", error.id)
        equal(listOf("unknown_item", "unknown_item"), listOf(error.code, error.code()))
        holds("it is one sentence that names the item", "plan:Z" in error.sentence)
        equal(error.sentence, error.toString())
        holds("the message has it all", error.sentence in error.message && error.code in error.message)
    }

    test("a cycle has its path, and nothing of the event is applied") {
        val error = refused<VsmException.Cycle> { stream.apply(needs("2", "plan:B", "plan:A")) }
        equal(setOf("plan:A", "plan:B"), error.path.toSet())
        equal(3, error.path.size)
        equal(1UL, stream.eventCount())
    }

    test("a conflict names the id") {
        equal("plan:1", refused<VsmException.Conflict> { stream.apply(needs("1", "plan:A", "plan:C")) }.id)
    }

    test("a wrong value names its field") {
        val colon = Event(source = "a:b", id = "1", occurredAt = at("2026-03-02T08:00:00Z"), item = "plan:A")
        equal("source", refused<VsmException.Invalid> { stream.apply(colon) }.field)
    }

    test("an unknown zone is no fallback") {
        val query = FlowQuery(start = at("2026-03-01T00:00:00Z"), end = at("2026-03-08T00:00:00Z"), zone = "Mars/Olympus")
        equal("Mars/Olympus", refused<VsmException.UnknownZone> { stream.flowMetrics(query) }.zone)
    }

    test("a broken document tells where") {
        val written = stream.snapshot()
        val error = refused<VsmException.Document> { ValueStream.fromSnapshot(written.copyOf(written.size - 5)) }
        holds("it has a position", error.position.startsWith("line 1, column"))
        refused<VsmException.Document> { ValueStream.fromSnapshot(byteArrayOf(-1, 0, 7)) }
        refused<VsmException.Document> { stream.call("item", "{\"id\":") }
    }

    test("a date beyond the calendar is told") {
        refused<VsmException.Horizon> { addWorkingTime(Calendar(zone = "UTC"), at("2026-03-01T00:00:00Z"), 1_000L * 365 * 24 * HOUR) }
    }

    test("every kind of error is one class with one code") {
        val past = stream.asOf(at("2026-01-01T00:00:00Z"), at("2026-01-01T00:00:00Z"))
        val errors = listOf(
            refused<VsmException> { stream.item("plan:Z") },
            refused<VsmException> { stream.apply(needs("2", "plan:B", "plan:A")) },
            refused<VsmException> { stream.apply(event("", "plan:A")) },
            refused<VsmException> { addWorkingTime(Calendar(zone = "Nowhere"), at("2026-03-01T00:00:00Z"), HOUR) },
            refused<VsmException> { ValueStream.fromSnapshot("{".toByteArray()) },
            refused<VsmException> { stream.apply(event("1", "plan:A", Kind.RISK)) },
            refused<VsmException> { past.apply(event("9", "plan:A")) },
        )
        for (error in errors) equal(kindOf(error), error.code())
        equal(errors.size, errors.map { it.code() }.toSet().size)
    }
}
