// The README's Kotlin, which is the file Readme.kt, runs and prints what the README says.

import java.io.File

private val page = File("vsm-ffi/README.md").readText()

private fun block(language: String): String =
    page.substringAfter("## Kotlin").substringAfter("```$language\n").substringBefore("```")

fun readmeTests() {
    test("the README shows Readme.kt") {
        equal(File("vsm-ffi/tests/kotlin/Readme.kt").readText(), block("kotlin"))
    }

    test("Readme.kt prints what the README says") {
        equal(Printed(block("text"), ""), printed { readme.main() })
    }

    test("the README shows Keep.kt, and it runs") {
        equal(File("vsm-ffi/tests/kotlin/Keep.kt").readText(), block("kt"))
        val lines = printed { readme.keep() }
        equal("", lines.err)
        equal("1 event kept, 0 faults", lines.out.trim().lines().last())
    }

    test("the README shows Live.kt, and it runs") {
        equal(File("vsm-ffi/tests/kotlin/Live.kt").readText(), block("kts"))
        val expected = "[build, test] until 2026-03-07T08:00:00Z\n[build, test] move, until 2026-03-09T08:00:00Z\n"
        equal(Printed(expected, ""), printed { readme.live() })
    }
}
