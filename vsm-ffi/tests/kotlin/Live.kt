package readme

import java.time.Instant
import vsm.*

fun live() {
    val day = 24 * 3_600_000L
    val network = NetworkQuery(
        start = Instant.parse("2026-03-02T08:00:00Z"),
        activities = listOf(
            NetworkActivity(id = "build", durationMs = 2 * day),
            NetworkActivity(id = "test", durationMs = 3 * day),
        ),
        dependencies = listOf(NetworkDependency(from = "build", to = "test")),
    )
    println("${schedule(network).path} until ${schedule(network).finish}")

    val live = LiveSchedule(network)
    val changes = live.change(NetworkChange(activities = listOf(NetworkActivity(id = "build", durationMs = 4 * day))))
    println("${changes.moved.map { it.item }} move, until ${changes.finish}")
}
