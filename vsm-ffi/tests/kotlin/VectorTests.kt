// The vectors that every language runs (tests/vectors/README.md), through the typed API and, beside it, by name and
// JSON: the two have to agree in every key.

import java.io.File
import java.lang.reflect.InvocationTargetException
import vsm.Adapter
import vsm.IngestOptions
import vsm.Kind
import vsm.StoreOptions
import vsm.ValueStream
import vsm.VsmException

private typealias Arguments = Map<String, Any?>

/** What changes the stream is asked of a copy first, where it is asked twice. */
private val CHANGES = setOf("apply", "ingest", "correlate")

fun vectorTests() {
    val folders = listOf("tests/vectors") + (System.getenv("VSM_VECTORS") ?: "").split(File.pathSeparator)
    for (folder in folders.filter { it.isNotEmpty() }.map { File(it) }) {
        test("the folder $folder exists") { holds("$folder is a folder", folder.isDirectory) }
        for (file in folder.walk().filter { it.extension == "json" }.sorted()) {
            vector(file, null)
            inFolder { vector(file, it) }
        }
    }
}

/** Runs a vector in memory, or with a store in a folder that is closed between the events and the calls. */
private fun vector(file: File, folder: File?) {
    var vector: Map<*, *> = emptyMap<String, Any>()
    val open = { if (folder == null) ValueStream() else ValueStream.open(File(folder, "record").path, StoreOptions(syncEvery = 0uL)) }
    var stream = open()
    val name = if (folder == null) "$file" else "$file in a store"
    test("$name can be read and applied") {
        vector = parseJson(file.readText()) as Map<*, *>
        val events = (vector["events"] as List<*>? ?: emptyList<Any>())
        val report = stream.applyJsonLines(events.joinToString("\n") { writeJson(it) }.toByteArray())
        val applied = vector["applied"]
        if (applied == null) {
            equal(emptyList<vsm.Refusal>(), report.refused)
        } else {
            same(applied, toJson(report))
        }
        if (folder != null) {
            stream.closeStore()
            stream = open()
        }
    }
    (vector["calls"] as List<*>? ?: emptyList<Any>()).forEachIndexed { n, call ->
        test("$name, call $n") { call(stream, call as Map<*, *>, folder) }
    }
    test("$name, snapshot") { restored(stream) }
}

private fun restored(stream: ValueStream): ByteArray {
    val written = stream.snapshot()
    holds("the snapshot restores itself", written.contentEquals(ValueStream.fromSnapshot(written).snapshot()))
    return written
}

private fun call(stream: ValueStream, call: Map<*, *>, folder: File?) {
    val name = call["call"] as String
    @Suppress("UNCHECKED_CAST")
    val arguments = call["args"] as Arguments? ?: emptyMap()
    val past = call["as_of"] as Map<*, *>?
    val asked = if (past == null) stream else stream.asOf(fromJson(past["occurred"]), fromJson(past["recorded"]))

    val byName = outcome {
        val whole = if (past == null) arguments else arguments + ("as_of" to past)
        val other = if (name in CHANGES) stream.copy() else stream
        parseJson(other.call(name, writeJson(whole)))
    }
    val typed = try {
        outcome { typed(asked, name, arguments, folder) }
    } catch (problem: RuntimeException) {
        // Some mistakes can't be made in types, an unknown word for one; then only the call by name can be asked.
        if (difference(mapOf("error" to mapOf("code" to "invalid")), byName) != null) throw problem
        byName
    }

    same(byName, typed)
    if ("error" in call) {
        same(mapOf("error" to call["error"]), typed)
    } else if ("expect" in call) {
        same(mapOf("answer" to call["expect"]), typed)
    }
}

private fun outcome(ask: () -> Any?): Map<String, Any?> =
    try {
        mapOf("answer" to ask())
    } catch (error: VsmException) {
        mapOf("error" to mapOf("code" to error.code(), "message" to error.toString()))
    }

private fun typed(stream: ValueStream, name: String, args: Arguments, folder: File?): Any? =
    when (name) {
        "apply" -> mapOf("accepted" to stream.apply(fromJson(args)))
        "ingest" -> {
            val text = (args["text"] as String).toByteArray()
            val (adapter, options) = fromJson<Adapter>(args["adapter"]) to fromJson<IngestOptions>(args["options"] ?: emptyMap<String, Any>())
            if (folder == null) {
                toJson(stream.ingest(adapter, text, options))
            } else {
                // What a tool wrote, as a file.
                val written = File(folder, "text").apply { writeBytes(text) }
                toJson(stream.ingestPath(adapter, written.path, options, null).report)
            }
        }
        "correlate" -> toJson(stream.correlate(fromJson(args["rules"] ?: emptyMap<String, Any>())))
        "shipping" -> toJson(stream.shipping(fromJson(args["rules"] ?: emptyMap<String, Any>())))
        "item" -> toJson(stream.item(args["id"] as String))
        "items" -> stream.items(args["kind"]?.let { fromJson<Kind>(it) })
        "links" -> toJson(stream.links(args["id"] as String))
        "history" -> toJson(stream.history(args["id"] as String))
        "trace" -> toJson(stream.trace(args["id"] as String))
        "coverage" -> toJson(stream.coverage())
        "outlook_text" -> stream.outlookText(fromJson(args))
        "ocel" -> parseJson(stream.ocel().decodeToString())
        "snapshot" -> parseJson(restored(stream).decodeToString())
        "add_working_time" -> {
            val span = fromJson<java.lang.Long>(args["span"]).toLong()
            toJson(vsm.addWorkingTime(fromJson(args["calendar"]), fromJson(args["start"]), span))
        }
        "working_time_between" ->
            toJson(vsm.workingTimeBetween(fromJson(args["calendar"]), fromJson(args["start"]), fromJson(args["end"])))
        "picture" -> {
            val options: vsm.PictureOptions? = args["options"]?.let { fromJson(it) }
            vsm.picture(fromJson(args["path"]), fromJson(args["form"]), options)
        }
        "next_departure" -> toJson(vsm.nextDeparture(fromJson(args["cadence"]), fromJson(args["ready"])))
        else -> asked(stream, name, args)
    }

/** What follows from the core: a method or function that takes a query or nothing, and gives a record or a list. */
private fun asked(stream: ValueStream, name: String, args: Arguments): Any? {
    val all = ValueStream::class.java.methods + Class.forName("vsm.VsmKt").methods
    val method = all.firstOrNull { it.name == camel(name) } ?: error("no typed call \"$name\"")
    val query = method.genericParameterTypes.map { fromJson(it, args) }
    try {
        return toJson(method.invoke(stream, *query.toTypedArray()))
    } catch (error: InvocationTargetException) {
        throw error.targetException
    }
}

private fun same(expected: Any?, actual: Any?) {
    difference(expected, actual)?.let { throw AssertionError(it) }
}
