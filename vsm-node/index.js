'use strict'

const { existsSync } = require('node:fs')
const { join } = require('node:path')
const { isMainThread } = require('node:worker_threads')

/** The systems that there is an addon for, as the packages with them are called. */
const SYSTEMS = {
  'linux-x64': 'linux-x64-gnu',
  'linux-arm64': 'linux-arm64-gnu',
  'darwin-x64': 'darwin-x64',
  'darwin-arm64': 'darwin-arm64',
  'win32-x64': 'win32-x64-msvc',
}

function load() {
  const here = `${process.platform}-${process.arch}`
  const system = SYSTEMS[here]
  // One that was built in this folder goes first: who builds one wants to run it.
  for (const name of ['vsm.node', `vsm.${system}.node`]) {
    const file = join(__dirname, name)
    if (existsSync(file)) return require(file)
  }
  if (system === undefined) throw new Error(`vsm-core has no addon for ${here}: build one from the sources`)
  try {
    return require(`vsm-core-${system}`)
  } catch (cause) {
    throw new Error(
      `vsm-core needs the package vsm-core-${system}: install with optional dependencies, or build the addon from the sources`,
      { cause },
    )
  }
}

const native = load()
const { ValueStream, leave } = native

// A worker that ends is noticed by itself; the main thread waits for its pool first.
if (isMainThread) process.on('exit', leave)

const { ingestPath } = ValueStream.prototype

/** Looks at the signal whenever the engine tells how far it has come: whoever aborts need not be listened to. */
ValueStream.prototype.ingestPath = async function (adapter, path, how) {
  const { options, signal, onProgress } = how ?? {}
  if (signal != null && typeof signal.aborted !== 'boolean') throw new TypeError('signal: expected an AbortSignal')
  if (onProgress != null && typeof onProgress !== 'function') throw new TypeError('onProgress: expected a function')
  const goOn = (now) => {
    if (!signal?.aborted) onProgress?.(now)
    return !signal?.aborted
  }
  return ingestPath.call(this, adapter, path, options, goOn)
}

ValueStream.prototype[Symbol.asyncDispose] = ValueStream.prototype.close

// By name, so that `import { ValueStream } from 'vsm-core'` finds them as well.
module.exports.LiveMetric = native.LiveMetric
module.exports.LiveSchedule = native.LiveSchedule
module.exports.ValueStream = native.ValueStream
module.exports.Watch = native.Watch
module.exports.addWorkingTime = native.addWorkingTime
module.exports.changePoints = native.changePoints
module.exports.changePointsAsync = native.changePointsAsync
module.exports.compareSamples = native.compareSamples
module.exports.compareSamplesAsync = native.compareSamplesAsync
module.exports.deliveryBands = native.deliveryBands
module.exports.deliveryPresets = native.deliveryPresets
module.exports.mergeMetrics = native.mergeMetrics
module.exports.mergeMetricsAsync = native.mergeMetricsAsync
module.exports.messages = native.messages
module.exports.metricPresets = native.metricPresets
module.exports.metricTable = native.metricTable
module.exports.metricTableAsync = native.metricTableAsync
module.exports.metrics = native.metrics
module.exports.nextDeparture = native.nextDeparture
module.exports.picture = native.picture
module.exports.pictureAsync = native.pictureAsync
module.exports.processBehaviour = native.processBehaviour
module.exports.processBehaviourAsync = native.processBehaviourAsync
module.exports.quantiles = native.quantiles
module.exports.quantilesAsync = native.quantilesAsync
module.exports.rankCorrelation = native.rankCorrelation
module.exports.rankCorrelationAsync = native.rankCorrelationAsync
module.exports.schedule = native.schedule
module.exports.scheduleAsync = native.scheduleAsync
module.exports.survival = native.survival
module.exports.survivalAsync = native.survivalAsync
module.exports.workingTimeBetween = native.workingTimeBetween
