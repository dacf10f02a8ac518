import vsm.LiveSchedule
import vsm.NetworkActivity
import vsm.NetworkChange
import vsm.NetworkDependency
import vsm.NetworkQuery
import vsm.VsmException
import vsm.schedule

private const val DAY = 24 * HOUR

private fun activity(id: String, days: Int) = NetworkActivity(id = id, durationMs = days * DAY)

private fun link(from: String, to: String) = NetworkDependency(from = from, to = to)

/** Build 2, then test 3 and sign 1 side by side, then ship. */
private fun network() = NetworkQuery(
    start = at("2026-03-02T00:00:00Z"),
    activities = listOf(activity("build", 2), activity("test", 3), activity("sign", 1), activity("ship", 0)),
    dependencies = listOf(link("build", "test"), link("build", "sign"), link("test", "ship"), link("sign", "ship")),
)

fun scheduleTests() {
    test("a network is scheduled") {
        val path = schedule(network())
        equal(listOf("build", "test", "ship"), path.path)
        equal(at("2026-03-07T00:00:00Z"), path.finish)
        equal(2 * DAY, path.activities.single { it.item == "sign" }.totalFloatMs)
    }

    test("a schedule is kept up to date") {
        val live = LiveSchedule(network())
        val changes = live.change(NetworkChange(activities = listOf(activity("sign", 5))))
        equal(2 * DAY, changes.movedByMs)
        equal(listOf("ship", "sign"), changes.moved.map { it.item })
        equal(at("2026-03-09T00:00:00Z"), live.finish())
        equal(listOf("build", "sign", "ship"), live.criticalPath().path)
        equal(schedule(live.network()), live.criticalPath())
    }

    test("a change of a schedule that is refused changes nothing") {
        val live = LiveSchedule(network())
        val before = live.criticalPath()
        val cycle = NetworkChange(dependencies = listOf(link("ship", "build")))
        val path = refused<VsmException.Cycle> { live.change(cycle) }.path
        equal(path.first(), path.last())
        equal("x", refused<VsmException.UnknownItem> { live.change(NetworkChange(removedActivities = listOf("x"))) }.id)
        val negative = NetworkChange(activities = listOf(activity("test", -1)))
        equal("activities[0].duration", refused<VsmException.Invalid> { live.change(negative) }.field)
        equal(network(), live.network())
        equal(before, live.criticalPath())
        refused<VsmException.Invalid> { LiveSchedule(network().copy(calendar = "office")) }
    }
}
