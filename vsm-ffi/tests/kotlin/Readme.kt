package readme

import java.time.Instant
import vsm.*

fun main() {
    val stream = ValueStream()
    val report = stream.applyJsonLines(
        """
        {"source":"plan","id":"1","occurred_at":"2026-03-02T08:00:00Z","item":"plan:R1","kind":"release","set":{"title":"Mobile 4.12"}}
        {"source":"plan","id":"2","occurred_at":"2026-03-02T08:00:00Z","item":"plan:F1","kind":"feature","set":{"title":"Deposit a check by photo","state":"active","remaining":86400000},"links":[{"kind":"ships_in","to":"plan:R1"}]}
        """.toByteArray(),
    )
    println("${report.accepted} events taken")

    val now = Instant.parse("2026-03-03T08:00:00Z")
    val path = stream.criticalPath(CriticalPathQuery(item = "plan:R1", at = now))
    println("Ready at ${path.readyAt}")
    for (fact in stream.readiness(ReadinessQuery(item = "plan:R1", at = now)).unmet) println(fact.sentence)

    try {
        stream.item("plan:R2")
    } catch (error: VsmException.UnknownItem) {
        println("${error.code}: ${error.id}")
    }
}
