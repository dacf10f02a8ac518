// When does the next release of the iPhone app ship, and why not today?
//
// Compiled with the generated bindings, as vsm-ffi/README.md says, and run from the root of the clone; or name the
// folder with the sample portfolio. Files and the moment of the question are the host's business; the rest are calls
// into the engine.

package shipdate

import java.io.File
import java.time.Instant
import java.time.ZoneId
import vsm.*

private const val MOBILE = "app:mobile-banking"
private const val GATEWAY = "app:api-gateway"
private const val CORE = "app:core-deposits"

private const val ZONE = "Europe/Zurich"
private val NOW = Instant.parse("2026-03-04T09:00:00Z")

/** A file, which adapter reads it, and what it can't say itself. */
private class Source(val file: String, val adapter: Adapter, val options: IngestOptions = IngestOptions())

private fun of(application: String) = IngestOptions(application = application)

private fun tests(build: String, at: String, environment: String? = null) =
    IngestOptions(build = build, environment = environment, at = Instant.parse(at))

/** What vsm.json says to the other hosts, here in the language's own types. */
private val SOURCES = listOf(
    Source(
        "jira.jsonl", Adapter.JIRA,
        IngestOptions(
            zone = ZONE,
            applications = mapOf("CHK" to MOBILE, "GWY" to GATEWAY, "MFD" to CORE),
            states = mapOf(
                "10000" to FlowState.NEW, "10001" to FlowState.ACTIVE, "10002" to FlowState.WAITING,
                "10003" to FlowState.WAITING, "10004" to FlowState.DONE, "10005" to FlowState.CANCELLED,
            ),
            kinds = mapOf(
                "Epic" to Kind.EPIC, "Feature" to Kind.FEATURE, "Story" to Kind.STORY, "Sub-task" to Kind.STORY,
                "Bug" to Kind.DEFECT, "Risk" to Kind.RISK, "Technical Debt" to Kind.DEBT,
            ),
        ),
    ),
    Source("git-mobile.jsonl", Adapter.GIT, of(MOBILE)),
    Source("git-mobile.tags.csv", Adapter.GIT_TAGS, of(MOBILE)),
    Source("jenkins-mobile.json", Adapter.JENKINS, of(MOBILE)),
    Source("git-gateway.jsonl", Adapter.GIT, of(GATEWAY)),
    Source("git-gateway.tags.csv", Adapter.GIT_TAGS, of(GATEWAY)),
    Source("jenkins-gateway.json", Adapter.JENKINS, of(GATEWAY)),
    Source(
        "junit-mobile-410-system.xml", Adapter.JUNIT,
        tests("jenkins:mobile-ci#410", "2026-02-27T15:30:00Z", "env:system-test"),
    ),
    Source("junit-mobile-412-unit.xml", Adapter.JUNIT, tests("jenkins:mobile-ci#412", "2026-03-02T17:27:00Z")),
    Source(
        "junit-mobile-412-system.xml", Adapter.JUNIT,
        tests("jenkins:mobile-ci#412", "2026-03-03T14:00:00Z", "env:system-test"),
    ),
    Source("junit-gateway-288-unit.xml", Adapter.JUNIT, tests("jenkins:gateway-ci#288", "2026-03-02T10:50:00Z")),
    Source(
        "junit-gateway-288-contract.xml", Adapter.JUNIT,
        tests("jenkins:gateway-ci#288", "2026-03-03T08:45:00Z", "env:system-test"),
    ),
    Source(
        "junit-gateway-288-selenium.xml", Adapter.JUNIT,
        tests("jenkins:gateway-ci#288", "2026-03-03T09:10:00Z", "env:system-test"),
    ),
    Source("portfolio.events.jsonl", Adapter.EVENTS),
)

private val RULES = CorrelationRules(
    versions = listOf(
        VersionRule(application = MOBILE, tag = "v{version}", release = "Mobile {version}"),
        VersionRule(application = GATEWAY, tag = "v{version}", release = "Gateway {version}"),
    ),
)

private fun read(folder: File): ValueStream {
    val stream = ValueStream()
    for (source in SOURCES) {
        val report = stream.ingest(source.adapter, File(folder, source.file).readBytes(), source.options)
        // One bad record never keeps the others out, so what was left out has to be looked at.
        for (reject in report.rejects) System.err.println("${source.file}:${reject.position}: ${reject.reason}")
        for (refusal in report.applied.refused) {
            System.err.println("${source.file}, event ${refusal.position}: ${refusal.reason}")
        }
    }
    // Adds the links that no tool states: commits to issues, builds to commits, tags to releases.
    stream.correlate(RULES)
    return stream
}

/** Of the releases that belong to it and are still open, the one that is due first. */
private fun nextRelease(stream: ValueStream, application: String): String {
    val open = stream.links(application)
        .filter { it.kind == LinkKind.BELONGS_TO }
        .map { stream.item(it.from) }
        .filter { it.kind == Kind.RELEASE && it.fields.state !in setOf(FlowState.DONE, FlowState.CANCELLED) }
    return open.minByOrNull { it.fields.dueAt ?: Instant.MAX }?.id ?: error("$application has no open release")
}

fun main(args: Array<String>) {
    val stream = read(File(args.firstOrNull() ?: "examples/data"))
    val query = OutlookQuery(release = nextRelease(stream, MOBILE), at = NOW, zone = ZONE)
    println(stream.outlookText(query))

    val outlook = stream.outlook(query)
    println("${outlook.title} ships on ${outlook.shipsAt.atZone(ZoneId.of(outlook.zone)).toLocalDate()}")
    for (stage in outlook.stages) println("${stage.stage}: ${stage.verdict.name.lowercase()}, ${stage.unmet} unmet")
    for (fact in outlook.unmet) {
        println("${fact.waitsFor ?: "nobody in particular"}: ${fact.condition.name.lowercase()} of ${fact.item}")
    }
}
