// Streams that are kept in a file, and files that are read as they are applied.

import java.io.File
import java.nio.file.Files
import vsm.Adapter
import vsm.IngestListener
import vsm.IngestProgress
import vsm.Seal
import vsm.StoreFormat
import vsm.StoreOptions
import vsm.ValueStream
import vsm.VsmException

private fun line(n: Int, odd: Int = 0): String {
    val more = if (odd > 0) ""","odd":"${"x".repeat(odd)}"""" else ""
    return """{"source":"plan","id":"$n","occurred_at":"2026-03-02T09:00:00Z","item":"plan:${n % 7}"$more}""" + "\n"
}

private fun lines(vararg numbers: Int) = numbers.joinToString("") { line(it) }.toByteArray()

internal fun inFolder(block: (File) -> Unit) {
    val folder = Files.createTempDirectory("vsm").toFile()
    try {
        block(folder)
    } finally {
        folder.deleteRecursively()
    }
}

private fun listener(block: (IngestProgress) -> Boolean) = object : IngestListener {
    override fun onProgress(now: IngestProgress) = block(now)
}

fun storeTests() {
    for (format in StoreFormat.entries) {
        test("a stream in a $format goes on where it ended") {
            inFolder { folder ->
                val path = File(folder, "record").path
                val stream = ValueStream.open(path, StoreOptions(format))
                equal(0uL, stream.recovery().events)
                equal(3uL, stream.applyJsonLines(lines(1, 2, 3)).accepted)
                val seal = stream.seal()
                val refused = refused<VsmException.Storage> { ValueStream.open(path, StoreOptions(format)) }
                equal(path, refused.path)
                equal("storage", refused.code)
                val reader = ValueStream.open(path, StoreOptions(format, readOnly = true))
                refused<VsmException.Storage> { reader.applyJsonLines(lines(4)) }
                stream.applyJsonLines(lines(4))
                equal(1uL, reader.catchUp().events)
                equal(4uL, reader.eventCount())
                stream.closeStore()
                equal(4uL, stream.eventCount())
                refused<VsmException.Storage> { stream.applyJsonLines(lines(5)) }

                ValueStream.open(path, StoreOptions(format, syncEvery = 10uL)).use {
                    equal(4uL, it.recovery().events)
                    it.sync()
                    it.compact()
                    equal(0uL, it.verify(seal).faulty)
                    equal(1uL, it.verify(Seal(3uL, "0".repeat(64))).faulty)
                }
                // The end of the object has let go of the file.
                ValueStream.open(path, StoreOptions(format)).closeStore()
            }
        }
    }

    test("a stream without a store says what to do") {
        val stream = ValueStream()
        for (call in listOf({ stream.sync() }, { stream.seal() }, { stream.verify() }, { stream.closeStore() })) {
            val refused = refused<VsmException.Invalid> { call() }
            equal("store", refused.field)
        }
        refused<VsmException.Storage> { ValueStream.open("/nowhere/at/all") }
    }

    test("a damaged file says where") {
        inFolder { folder ->
            val file = File(folder, "record")
            val stream = ValueStream.open(file.path)
            for (n in 0 until 20) stream.applyJsonLines(lines(n))
            stream.closeStore()
            val text = file.readText(Charsets.ISO_8859_1)
            file.writeText(text.replace("\"id\":\"11\"", "\"id\":\"1X\""), Charsets.ISO_8859_1)
            val recovery = ValueStream.open(file.path, StoreOptions(readOnly = true)).recovery()
            equal(listOf(19uL, 1uL), listOf(recovery.events, recovery.lost))
            equal(11uL, recovery.damage.single().after)
            holds("a byte", recovery.damage.single().position.startsWith("byte "))
        }
    }

    test("a file is read as it is applied, and can be ended") {
        inFolder { folder ->
            val file = File(folder, "events.jsonl")
            file.writeText((0 until 12).joinToString("") { line(it, 400_000) } + "nonsense\n")
            val told = mutableListOf<IngestProgress>()
            val stream = ValueStream()
            val run = stream.ingestPath(Adapter.EVENTS, file.path, listener = listener { told.add(it) })
            equal(ValueStream().ingest(Adapter.EVENTS, file.readBytes()), run.report)
            equal(file.length().toULong(), run.bytes)
            equal(false, run.cancelled)
            holds("it is told several times", told.size > 5)
            equal(IngestProgress(run.bytes, 12uL, 0uL, 0uL, 1uL), told.last())

            val stored = ValueStream.open(File(folder, "record").path)
            val ended = stored.ingestPath(Adapter.EVENTS, file.path, listener = listener { it.accepted < 4uL })
            equal(true, ended.cancelled)
            equal(stored.eventCount(), ended.report.applied.accepted)
            holds("it ended early", stored.eventCount() in 4uL..11uL)
            val thrown = refused<VsmException.Other> {
                stored.ingestPath(Adapter.EVENTS, file.path, listener = listener { throw IllegalStateException("enough") })
            }
            holds("what was thrown is told", "enough" in thrown.toString())
            equal(file.path + "?", refused<VsmException.Storage> { stored.ingestPath(Adapter.GIT, file.path + "?") }.path)
        }
    }
}
