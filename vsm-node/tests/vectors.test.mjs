// The vectors that every language runs (tests/vectors/README.md), here through the typed methods.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, relative } from 'node:path'
import { after, test } from 'node:test'
import * as vsm from 'vsm-core'

import { api, camel, path, read, root, toJs, toJson, type } from './support.mjs'

const { ValueStream, addWorkingTime, nextDeparture, picture, schedule, workingTimeBetween } = vsm

const byId = (name) => [(stream, { id }) => stream[name](id), { id: 'string' }]

/** The questions that follow from the core: a query each. */
const questions = Object.fromEntries(
  Object.entries(api.questions).map(([name, { query, answer }]) => [
    name,
    [(stream, args) => stream[camel(name)](args), query, answer],
  ]),
)

/** The functions that need no stream: a query each, or nothing. */
const functions = Object.fromEntries([
  ...Object.entries(api.functions).map(([name, { query, answer }]) => [
    name,
    [(_, args) => vsm[camel(name)](args), query, answer],
  ]),
  ...Object.entries(api.lists).map(([name, record]) => [name, [() => vsm[camel(name)](), {}, `[${record}]`]]),
])

/** Each call: how it is made, with arguments of which types, and of which type its answer is. */
const CALLS = {
  ...questions,
  metric: [
    (stream, query) => {
      const table = stream.metric(query)
      assert.deepEqual(stream.liveMetric(query).table(stream), table)
      return table
    },
    'MetricQuery',
    'MetricTable',
  ],
  ...functions,
  apply: [(stream, event) => ({ accepted: stream.apply(event) }), 'Event', 'any'],
  ingest: [
    (stream, { adapter, text, options }) => stream.ingest(adapter, text, options),
    { adapter: 'Adapter', text: 'string', options: 'IngestOptions?' },
    'IngestReport',
  ],
  correlate: [(stream, { rules }) => stream.correlate(rules), { rules: 'CorrelationRules?' }, 'ApplyReport'],
  shipping: [(stream, { rules }) => stream.shipping(rules), { rules: 'CorrelationRules?' }, 'Shipping'],
  item: [...byId('item'), 'Item'],
  items: [(stream, { kind }) => stream.items(kind), { kind: 'Kind?' }, '[string]'],
  links: [...byId('links'), '[Related]'],
  history: [...byId('history'), '[Event]'],
  trace: [...byId('trace'), 'Trace'],
  snapshot: [(stream) => JSON.parse(stream.snapshot()), {}, 'any'],
  ocel: [(stream) => JSON.parse(stream.ocel()), {}, 'any'],
  coverage: [(stream) => stream.coverage(), {}, 'Coverage'],
  outlook_text: [(stream, query) => stream.outlookText(query), 'OutlookQuery', 'string'],
  add_working_time: [
    (_, { calendar, start, span }) => addWorkingTime(calendar, start, span),
    { calendar: 'Calendar', start: 'instant', span: 'span' },
    'instant',
  ],
  working_time_between: [
    (_, { calendar, start, end }) => workingTimeBetween(calendar, start, end),
    { calendar: 'Calendar', start: 'instant', end: 'instant' },
    'span',
  ],
  next_departure: [
    (_, { cadence, ready }) => nextDeparture(cadence, ready),
    { cadence: 'Cadence', ready: 'instant' },
    'instant?',
  ],
  schedule: [(_, network) => schedule(network), 'NetworkQuery', 'CriticalPath'],
  picture: [
    (_, { path, form, options }) => picture(path, form, options),
    { path: 'CriticalPath', form: 'PictureForm', options: 'PictureOptions?' },
    'string',
  ],
}

/** Arguments in the form of JavaScript: those of a record, or several by name. */
function given(types, args) {
  if (typeof types === 'string') return toJs(type(types), args)
  for (const name of Object.keys(args)) assert.ok(name in types, `there is no argument ${name}`)
  return Object.fromEntries(Object.entries(types).map(([name, text]) => [name, toJs(type(text), args[name])]))
}

function compare(actual, expected, place) {
  if (Array.isArray(expected)) {
    assert.ok(Array.isArray(actual), `${place} is no array`)
    assert.equal(actual.length, expected.length, `${place}: length of ${JSON.stringify(actual)}`)
    expected.forEach((item, n) => compare(actual[n], item, `${place}[${n}]`))
  } else if (expected !== null && typeof expected === 'object') {
    assert.ok(actual !== null && typeof actual === 'object', `${place} is no object`)
    for (const [key, value] of Object.entries(expected)) compare(actual[key], value, `${place}.${key}`)
  } else if (typeof expected === 'number' && typeof actual === 'number') {
    const close = Math.abs(actual - expected) <= 1e-9 * Math.max(Math.abs(actual), Math.abs(expected))
    assert.ok(close, `${place} is ${actual}, not ${expected}`)
  } else {
    assert.equal(actual ?? null, expected, place)
  }
}

/** The stream of a vector, made twice: from JSON Lines, and from those of its events that can be objects at all. */
function build({ events = [], applied = { refused: [] } }) {
  const stream = new ValueStream()
  const report = stream.applyJsonLines(events.map((event) => JSON.stringify(event)).join('\n'))
  compare(toJson(type('ApplyReport'), report), applied, 'applied')
  if (Object.keys(report.unknownFields).length > 0) return stream
  const unreadable = report.refused.filter((refusal) => refusal.code === 'invalid').map((refusal) => refusal.position - 1)
  const typed = new ValueStream()
  const same = typed.applyBatch(
    events.filter((_, n) => !unreadable.includes(n)).map((event) => toJs(type('Event'), event)),
  )
  assert.deepEqual([same.accepted, same.duplicates], [report.accepted, report.duplicates])
  assert.ok(typed.snapshot().equals(stream.snapshot()), 'objects and JSON Lines make different streams')
  return typed
}

const kept = mkdtempSync(join(tmpdir(), 'vsm-'))
after(() => rmSync(kept, { recursive: true }))
let count = 0

/** The stream of a vector in a store that was closed since. */
async function reopened({ events = [] }) {
  const path = join(kept, `${count++}`)
  const stream = await ValueStream.open(path, { syncEvery: 0 })
  await stream.applyJsonLinesAsync(events.map((event) => JSON.stringify(event)).join('\n'))
  await stream.close()
  return ValueStream.open(path, { syncEvery: 0 })
}

/** What a tool wrote, as a file. */
async function ingestPath(stream, { adapter, text, options }) {
  const path = join(kept, 'text')
  writeFileSync(path, text)
  return (await stream.ingestPath(adapter, path, { options })).report
}

/** What is thrown, or what a promise rejects with. */
async function failure(ask) {
  try {
    await ask()
  } catch (error) {
    return error
  }
  assert.fail('nothing was thrown')
}

async function run(vector, stream, ingest) {
  for (const [n, { call, args = {}, as_of: then, expect, error }] of (vector.calls ?? []).entries()) {
    const place = `calls[${n}] ${call}`
    assert.ok(call in CALLS, `${place}: unknown`)
    const [own, types, answer] = CALLS[call]
    const method = call === 'ingest' ? ingest : own
    const ask = () => {
      const asked = then ? stream.asOf(new Date(then.occurred), new Date(then.recorded)) : stream
      return method(asked, given(types, args))
    }
    if (error) {
      const { code, message } = await failure(ask)
      compare({ code, message }, error, place)
    } else {
      const value = await ask()
      compare(answer === 'any' ? value : toJson(type(answer), value), expect, place)
    }
  }
  const snapshot = stream.snapshot()
  assert.ok(ValueStream.fromSnapshot(snapshot).snapshot().equals(snapshot), 'the snapshot changes when it is read')
}

test('the runner knows every call of the core', () => {
  const [, calls] = /CALLS: &\[&str\] = &\[([^\]]*)\]/.exec(read('vsm-core/src/call.rs'))
  assert.deepEqual(Object.keys(CALLS).sort(), [...calls.matchAll(/"(\w+)"/g)].map((found) => found[1]).sort())
})

const folders = [path(new URL('tests/vectors/', root)), ...(process.env.VSM_VECTORS ?? '').split(delimiter).filter(Boolean)]
for (const folder of folders) {
  const files = readdirSync(folder, { recursive: true }).filter((file) => file.endsWith('.json')).sort()
  test(`${relative(path(root), folder) || folder} has vectors`, () => assert.ok(files.length > 0))
  for (const file of files) {
    const vector = () => JSON.parse(readFileSync(join(folder, file), 'utf8'))
    test(`vector ${file}`, () => run(vector(), build(vector()), CALLS.ingest[0]))
    test(`vector ${file}, in a store`, async () => run(vector(), await reopened(vector()), ingestPath))
  }
}
