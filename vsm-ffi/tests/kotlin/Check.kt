// A test is a block that throws when something is wrong. No framework: this runs with nothing but the standard library.

import java.io.ByteArrayOutputStream
import java.io.PrintStream

var passed = 0
var failed = 0

fun test(name: String, block: () -> Unit) {
    try {
        block()
        passed += 1
    } catch (problem: Throwable) {
        failed += 1
        println("FAILED $name: $problem")
        problem.stackTrace.firstOrNull { it.fileName?.endsWith("Tests.kt") == true }?.let { println("    at $it") }
    }
}

fun equal(expected: Any?, actual: Any?) {
    if (expected != actual) throw AssertionError("expected <$expected>, got <$actual>")
}

fun holds(what: String, condition: Boolean) {
    if (!condition) throw AssertionError(what)
}

inline fun <reified E : Throwable> refused(block: () -> Unit): E {
    try {
        block()
    } catch (error: Throwable) {
        if (error is E) return error
        throw error
    }
    throw AssertionError("expected ${E::class.java.simpleName}, but nothing was thrown")
}

data class Printed(val out: String, val err: String)

/** What the block prints, in UTF-8 whatever the locale of the tests. */
fun printed(block: () -> Unit): Printed {
    val (out, err) = System.out to System.err
    val (printed, told) = ByteArrayOutputStream() to ByteArrayOutputStream()
    System.setOut(PrintStream(printed, true, Charsets.UTF_8))
    System.setErr(PrintStream(told, true, Charsets.UTF_8))
    try {
        block()
    } finally {
        System.setOut(out)
        System.setErr(err)
    }
    return Printed(printed.toString(Charsets.UTF_8), told.toString(Charsets.UTF_8))
}
