// The example runs as it stands and prints what the sample portfolio says.

import java.io.File
import kotlin.io.path.createTempDirectory

private val SAMPLE = File("examples/data")

fun shipDateTests() {
    test("the example prints the page and facts of the next mobile release") {
        val (out, err) = printed { shipdate.main(emptyArray()) }
        equal("", err)
        val (page, facts) = out.split("\nMobile 4.13.0 ships on 2026-03-17\n")
        equal("Mobile 4.13.0 of Mobile banking (iPhone), as of Wed 2026-03-04 (Europe/Zurich)", page.lines().first())
        val lines = facts.trimEnd().lines()
        val (stages, unmet) = lines.take(4) to lines.drop(4)
        val names = listOf("system_test", "user_acceptance", "pre_production", "production")
        equal(names.map { "$it: not_ready" }, stages.map { it.substringBefore(",") })
        holds("the page counts the facts", "What is missing (${unmet.size})\n" in page)
        holds("a fact says whom it waits for", "Priya Raman: scope_done of jira:CHK-28" in unmet)
        holds("the page has the critical path", "Critical path (3 of 27 activities)\n" in page)
    }

    test("the example names the record that could not be read, and answers from the others") {
        val folder = createTempDirectory("vsm").toFile()
        try {
            SAMPLE.copyRecursively(folder)
            val broken = File(folder, "portfolio.events.jsonl")
            broken.appendText("no event\n")
            val (out, err) = printed { shipdate.main(arrayOf("$folder")) }
            holds("the record is named: $err", err.startsWith("${broken.name}:${broken.readLines().size}: "))
            equal(printed { shipdate.main(emptyArray()) }.out, out)
        } finally {
            folder.deleteRecursively()
        }
    }
}
