// Run from the root of the repository: the vectors and the README are found from there.

import kotlin.system.exitProcess

fun main() {
    behaviourTests()
    errorTests()
    storeTests()
    scheduleTests()
    coverageTests()
    readmeTests()
    shipDateTests()
    vectorTests()
    println("$passed passed, $failed failed")
    if (failed > 0) exitProcess(1)
}
