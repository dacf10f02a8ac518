package readme

import java.nio.file.Files
import vsm.*

fun keep() {
    val folder = Files.createTempDirectory("vsm")
    val file = folder.resolve("portfolio.vsm").toString()
    val log = folder.resolve("git.jsonl")
    Files.writeString(log, """{"sha":"4f2c","committed":"2026-03-03T09:00:00+01:00","subject":"Crop the photo"}""")

    val progress = object : IngestListener {
        override fun onProgress(now: IngestProgress): Boolean {
            println("${now.bytes} bytes, ${now.accepted} events")
            return true // false ends it
        }
    }
    val seal = ValueStream.open(file).use {
        it.ingestPath(Adapter.GIT, log.toString(), listener = progress)
        it.seal() // write it down somewhere else, for the day of the audit
    }
    ValueStream.open(file).use {
        println("${it.recovery().events} event kept, ${it.verify(seal).faulty} faults")
    }
    folder.toFile().deleteRecursively()
}
