// The binding has every type of the engine with every member, under this language's names.

import java.io.File
import java.lang.reflect.Modifier

fun coverageTests() {
    val api = parseJson(File("tests/api.json").readText()) as Map<*, *>

    for ((name, record) in api["records"] as Map<*, *>) {
        test("data class $name") {
            val fields = (record as Map<*, *>)["fields"] as Map<*, *>
            val expected = fields.map { (field, type) -> camel(field as String) + if ("span" in type as String) "Ms" else "" }
            equal(expected.toSet(), fieldsOf(Class.forName("$PACKAGE.$name")).map { it.name }.toSet())
        }
    }

    for ((name, words) in api["enums"] as Map<*, *>) {
        test("enum $name") {
            equal(words, Class.forName("$PACKAGE.$name").enumConstants.map { toJson(it) })
        }
    }

    test("every call by name has a method or a function") {
        // The refusal of a name that is none lists those that are.
        val sentence = refused<vsm.VsmException.Invalid> { vsm.ValueStream().call("?", "{}") }.sentence
        val calls = sentence.substringAfter("is not one of ").split(", ").map { camel(it) }
        val methods = listOf(vsm.ValueStream::class.java, Class.forName("vsm.VsmKt")).flatMap { type ->
            type.methods.filter { Modifier.isPublic(it.modifiers) }.map { it.name }
        }
        holds("there are calls", calls.size > 10)
        equal(emptyList<String>(), calls - methods.toSet())
    }
}
