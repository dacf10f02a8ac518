// JSON for the tests: objects are maps, arrays lists, numbers BigDecimal.

import java.math.BigDecimal

fun parseJson(text: String): Any? = JsonReader(text).document()

private class JsonReader(private val text: String) {
    private var at = 0

    fun document(): Any? {
        val value = value()
        space()
        check(at == text.length) { "more text after the document at $at" }
        return value
    }

    private fun value(): Any? {
        space()
        return when (text[at]) {
            '{' -> objectValue()
            '[' -> arrayValue()
            '"' -> string()
            't' -> word("true", true)
            'f' -> word("false", false)
            'n' -> word("null", null)
            else -> number()
        }
    }

    private fun objectValue(): Map<String, Any?> {
        val found = LinkedHashMap<String, Any?>()
        at += 1
        space()
        while (text[at] != '}') {
            space()
            val key = string()
            space()
            expect(':')
            found[key] = value()
            space()
            if (text[at] == ',') at += 1
            space()
        }
        at += 1
        return found
    }

    private fun arrayValue(): List<Any?> {
        val found = ArrayList<Any?>()
        at += 1
        space()
        while (text[at] != ']') {
            found.add(value())
            space()
            if (text[at] == ',') at += 1
            space()
        }
        at += 1
        return found
    }

    private fun string(): String {
        expect('"')
        val found = StringBuilder()
        while (text[at] != '"') {
            val char = text[at++]
            if (char != '\\') {
                found.append(char)
                continue
            }
            when (val escaped = text[at++]) {
                'b' -> found.append('\b')
                'f' -> found.append('\u000c')
                'n' -> found.append('\n')
                'r' -> found.append('\r')
                't' -> found.append('\t')
                'u' -> {
                    found.append(text.substring(at, at + 4).toInt(16).toChar())
                    at += 4
                }
                else -> found.append(escaped)
            }
        }
        at += 1
        return found.toString()
    }

    private fun number(): BigDecimal {
        val start = at
        while (at < text.length && (text[at].isDigit() || text[at] in "+-.eE")) at += 1
        return BigDecimal(text.substring(start, at))
    }

    private fun word(word: String, value: Any?): Any? {
        check(text.startsWith(word, at)) { "no JSON at $at" }
        at += word.length
        return value
    }

    private fun expect(char: Char) {
        check(text[at] == char) { "expected $char at $at" }
        at += 1
    }

    private fun space() {
        while (at < text.length && text[at].isWhitespace()) at += 1
    }
}

fun writeJson(value: Any?): String =
    when (value) {
        is Map<*, *> -> value.entries.joinToString(",", "{", "}") { "${quote(it.key as String)}:${writeJson(it.value)}" }
        is List<*> -> value.joinToString(",", "[", "]") { writeJson(it) }
        is String -> quote(value)
        else -> value.toString()
    }

private fun quote(text: String): String =
    text.fold(StringBuilder("\"")) { quoted, char ->
        when {
            char == '"' || char == '\\' -> quoted.append('\\').append(char)
            char < ' ' -> quoted.append("\\u%04x".format(char.code))
            else -> quoted.append(char)
        }
    }.append('"').toString()

/** Where `actual` lacks something of `expected` or has it otherwise: the first place, or null. */
fun difference(expected: Any?, actual: Any?, path: String = ""): String? =
    when {
        expected is Map<*, *> && actual is Map<*, *> ->
            expected.keys.firstNotNullOfOrNull { difference(expected[it], actual[it], "$path.$it") }
        expected is List<*> && actual is List<*> && expected.size == actual.size ->
            expected.indices.firstNotNullOfOrNull { difference(expected[it], actual[it], "$path[$it]") }
        expected is BigDecimal && actual is BigDecimal && near(expected, actual) -> null
        expected == actual -> null
        else -> "${path.ifEmpty { "the answer" }} should be ${writeJson(expected)}, is ${writeJson(actual)}"
    }

private fun near(expected: BigDecimal, actual: BigDecimal): Boolean =
    (expected - actual).abs() <= BigDecimal("1e-9") * expected.abs().max(actual.abs())
