// Whatever is handed in: an error that names it, nothing half applied, and Node goes on.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { ValueStream, addWorkingTime, nextDeparture, workingTimeBetween } from 'vsm-core'

import { api, path, portfolio, root, thrown } from './support.mjs'

const at = new Date('2026-03-02T09:00:00.000Z')
const event = { source: 'plan', id: '1', occurredAt: at, item: 'plan:A' }
const withSet = (set) => ({ ...event, set })
const withLink = (link) => ({ ...event, links: [{ kind: 'depends_on', to: 'plan:B', ...link }] })

const EVENTS = [
  [undefined, 'event: expected an object, not undefined'],
  [null, 'event: expected an object, not null'],
  [[], 'event: expected an object, not an array'],
  [at, 'event: expected an object, not a Date'],
  ['{}', 'event: expected an object, not a string'],
  [() => {}, 'event: expected an object, not a function'],
  [Symbol('x'), 'event: expected an object, not a symbol'],
  [1n, 'event: expected an object, not a bigint'],
  [{}, 'event.source: expected a string, not undefined'],
  [{ ...event, source: 1 }, 'event.source: expected a string, not a number'],
  [{ ...event, source: new String('plan') }, 'event.source: expected a string, not an object'],
  [{ ...event, occurredAt: new Date(NaN) }, 'event.occurredAt: expected a valid Date, not an Invalid Date'],
  [{ ...event, occurredAt: +at }, 'event.occurredAt: expected a Date, not a number'],
  [{ ...event, occurredAt: at.toISOString() }, 'event.occurredAt: expected a Date, not a string'],
  [{ ...event, occurredAt: new Date(8.64e15) }, 'event.occurredAt: expected a Date between the years 1 and 9999'],
  [{ ...event, recordedAt: new Date(-8.64e15) }, 'event.recordedAt: expected a Date between the years 1 and 9999'],
  [{ ...event, kind: 'featur' }, /^event\.kind: expected one of 'theme', .*'stakeholder', not 'featur'$/],
  [{ ...event, aliases: 'x' }, 'event.aliases: expected an array, not a string'],
  [{ ...event, aliases: ['x', 2] }, 'event.aliases[1]: expected a string, not a number'],
  [{ ...event, aliases: new Array(4_294_967_295) }, 'event.aliases[0]: expected a string, not undefined'],
  [withSet({ value: NaN }), 'event.set.value: expected a number, not NaN'],
  [withSet({ value: -Infinity }), 'event.set.value: expected a number, not Infinity'],
  [withSet({ estimateMs: Infinity }), 'event.set.estimateMs: expected a number of milliseconds, not Infinity'],
  [withSet({ estimateMs: '1h' }), 'event.set.estimateMs: expected a number of milliseconds, not a string'],
  [withSet({ capacity: 1.5 }), 'event.set.capacity: expected a whole number from 0 to 4294967295, not 1.5'],
  [withSet({ capacity: -1 }), 'event.set.capacity: expected a whole number from 0 to 4294967295, not -1'],
  [withSet({ capacity: 2 ** 32 }), 'event.set.capacity: expected a whole number from 0 to 4294967295, not 4294967296'],
  [withSet({ attributes: { 'a.b': 1 } }), 'event.set.attributes["a.b"]: expected a string, not a number'],
  [withSet({ calendar: { zone: 'UTC', hours: [{ day: 'monday', start: '9', end: '5' }] } }), /^event\.set\.calendar\.hours\[0\]\.day: /],
  [withSet({ calendar: { zone: 'Nowhere/Land' } }), /Nowhere\/Land/],
  [withLink({ to: null }), 'event.links[0].to: expected a string, not null'],
  [withLink({ confidence: NaN }), 'event.links[0].confidence: expected a number, not NaN'],
  [withLink({ to: 'plan:A' }), /itself/],
]

test('an event that is none is refused, and the stream is as it was', () => {
  const stream = new ValueStream()
  for (const [given, message] of EVENTS) {
    const error = thrown(() => stream.apply(given))
    assert.ok(['invalid', 'unknown_zone'].includes(error.code), `${error.code}: ${error.message}`)
    if (message instanceof RegExp) assert.match(error.message, message)
    else assert.equal(error.message, message)
    assert.equal(stream.applyBatch([given]).refused[0].code, error.code)
  }
  assert.deepEqual([stream.itemCount, stream.eventCount], [0, 0])
})

test('a property that an attribute only inherits is none', () => {
  const stream = new ValueStream()
  stream.apply(withSet({ attributes: Object.create({ inherited: 'x' }, { own: { value: 'y', enumerable: true } }) }))
  assert.deepEqual(stream.item('plan:A').fields.attributes, { own: 'y' })
})

test('a property that nobody reads is refused by its name, wherever it stands', async () => {
  const stream = new ValueStream()
  stream.apply(event)
  const cases = [
    ['apply', [{ ...event, id: '2', knid: 'story' }], /^event: there is no property 'knid', only source, id, /],
    ['apply', [{ ...event, id: '2', set: { titel: 'x' } }], /^event\.set: there is no property 'titel', only /],
    ['apply', [{ ...event, id: '2', set: { due_at: at } }], /^event\.set: there is no property 'due_at', only .*dueAt/],
    ['apply', [{ ...event, id: '2', links: [{ kind: 'relates', to: 'a:b', Lag: 1 }] }], /^event\.links\[0\]: there is no property 'Lag', /],
    ['apply', [{ ...event, id: '2', set: { estimate: 5 } }], /^event\.set: there is no property 'estimate', only .*estimateMs/],
    ['ingest', ['git', '', { dateorder: 'day_first' }], /^options: there is no property 'dateorder', only .*dateOrder/],
    ['ingest', ['mapping', 'a', { mapping: { source: 'x', id: '{a}', feilds: {} } }], /^options\.mapping: there is no property 'feilds', /],
    ['readiness', [{ item: 'plan:A', at, stag: 'production' }], /^query: there is no property 'stag', only .*stage/],
    ['readiness', [{ item: 'plan:A', at, policy: { block: 'high' } }], /^query\.policy: there is no property 'block', /],
    ['flowMetrics', [{ start: at, end: at, zone: 'UTC', 0: 1 }], /^query: there is no property '0', /],
    ['correlate', [{ prefix: ['CHK'] }], /^rules: there is no property 'prefix', only prefixes, /],
    ['correlate', [{ prefixes: ['CHK'], also: null, more: null }], /^rules: there is no property 'more', /],
  ]
  for (const [method, given, message] of cases) {
    const error = thrown(() => stream[method](...given))
    assert.equal(error.code, 'invalid', `${method}: ${error.message}`)
    assert.match(error.message, message)
    if (`${method}Async` in stream) await assert.rejects(stream[`${method}Async`](...given), { code: 'invalid', message: error.message })
  }
  const refused = stream.applyBatch([{ ...event, id: '2', knid: 'story' }, { ...event, id: '3' }])
  assert.deepEqual([refused.accepted, refused.refused.length], [1, 1])
  assert.equal(stream.eventCount, 2)
})

test('what is undefined says nothing, and what is inherited counts where it is known', () => {
  const stream = new ValueStream()
  stream.apply({ ...event, knid: undefined, kind: undefined, [Symbol('mine')]: 1, set: { title: undefined, titel: undefined } })
  class Said {
    source = 'plan'
    id = '2'
    occurredAt = at
    get item() { return 'plan:B' }
    get more() { return 1 }
    help() {}
  }
  stream.apply(new Said())
  const said = Object.create({ ...event, id: '3', odd: 1 })
  said.kind = 'story'
  stream.apply(said)
  const hidden = Object.defineProperty({ ...event, id: '4' }, 'odd', { value: 1, enumerable: false })
  stream.apply(hidden)
  assert.equal(stream.eventCount, 4)
  assert.equal(stream.item('plan:A').kind, 'story')
  // What the stream gives out it takes back.
  const copy = new ValueStream()
  assert.equal(copy.applyBatch([...stream.history('plan:A'), ...stream.history('plan:B')]).accepted, 4)
})

test('what a getter throws is thrown', async () => {
  const stream = new ValueStream()
  const hostile = (error) => ({ ...event, get item() { throw error } })
  const error = new RangeError('mine')
  assert.equal(thrown(() => stream.apply(hostile(error))), error)
  assert.equal(thrown(() => stream.applyBatch([event, hostile(error)])), error)
  assert.equal(thrown(() => stream.apply(new Proxy({}, { get() { throw error } }))), error)
  assert.equal(thrown(() => stream.apply(hostile('a text'))).message, 'a text')
  assert.equal(stream.eventCount, 0)
  const asked = (error) => ({ at, get item() { throw error } })
  await assert.rejects(stream.readinessAsync(asked(error)), (rejected) => rejected === error)
  await assert.rejects(stream.readinessAsync(asked(5)), (rejected) => rejected === 5)
})

test('an argument that changes the stream while it is read does no harm', () => {
  const stream = new ValueStream()
  const nested = { ...event, get item() { stream.apply({ ...event, id: '2' }); return 'plan:B' } }
  assert.equal(stream.apply(nested), true)
  assert.equal(stream.eventCount, 2)
})

test('a question that is none is refused', async () => {
  const stream = new ValueStream()
  stream.apply(event)
  const cases = [
    ['item', [5], 'id: expected a string, not a number'],
    ['items', ['featur'], /^kind: expected one of /],
    ['asOf', [at, new Date(NaN)], 'recorded: expected a valid Date, not an Invalid Date'],
    ['readiness', [], 'query: expected an object, not undefined'],
    ['readiness', ['plan:A'], 'query: expected an object, not a string'],
    ['readiness', [{ item: 'plan:A', at: new Date(NaN) }], 'query.at: expected a valid Date, not an Invalid Date'],
    ['readiness', [{ item: 'plan:A', at, policy: { blocking: 'bad' } }], /^query\.policy\.blocking: expected one of /],
    ['readiness', [{ item: 'plan:A', at, stage: 'space' }], /./],
    ['criticalPath', [{ at, defaultDurationMs: NaN }], 'query.defaultDurationMs: expected a number of milliseconds, not NaN'],
    ['flowMetrics', [{ start: at, end: at, zone: 5 }], 'query.zone: expected a string, not a number'],
    ['trace', [null], 'id: expected a string, not null'],
    ['outlook', [{ release: 'plan:A', at }], 'query.zone: expected a string, not undefined'],
    ['ingest', ['svn', ''], /^adapter: expected one of /],
    ['ingest', ['git', 5], 'data: expected a Buffer, a Uint8Array or a string, not a number'],
    ['ingest', ['git', '', { states: { 1: 'finished' } }], /^options\.states\["1"\]: expected one of /],
    ['applyJsonLines', [new Uint16Array(4)], 'data: expected a Buffer, a Uint8Array or a string, not an object'],
    ['applyJsonLines', [new ArrayBuffer(4)], 'data: expected a Buffer, a Uint8Array or a string, not an object'],
    ['applyBatch', [{ length: 1 }], 'events: expected an array, not an object'],
    ['correlate', [{ versions: [{ tag: 'v' }] }], 'rules.versions[0].release: expected a string, not undefined'],
  ]
  for (const [method, given, message] of cases) {
    const error = thrown(() => stream[method](...given))
    assert.equal(error.code, 'invalid', `${method}: ${error.message}`)
    if (message instanceof RegExp) assert.match(error.message, message)
    else assert.equal(error.message, message)
    if (`${method}Async` in stream) {
      await assert.rejects(stream[`${method}Async`](...given), { code: 'invalid', message: error.message })
    }
  }
  for (const method of ['item', 'links', 'history', 'trace']) {
    assert.equal(thrown(() => stream[method]('plan:none')).code, 'unknown_item')
  }
  await assert.rejects(stream.readinessAsync({ item: 'plan:none', at }), { name: 'Error', code: 'unknown_item' })
  await assert.rejects(stream.flowMetricsAsync({ start: at, end: at, zone: 'Mars' }), { code: 'unknown_zone' })
})

test('functions refuse what they can not use', () => {
  assert.equal(thrown(() => addWorkingTime({ zone: 'Nowhere/Land' }, at, 1)).code, 'unknown_zone')
  assert.equal(thrown(() => addWorkingTime({ zone: 'UTC' }, at, NaN)).code, 'invalid')
  assert.equal(thrown(() => addWorkingTime({ zone: 'UTC' }, at, 1e300)).code, 'invalid')
  assert.equal(thrown(() => addWorkingTime({ zone: 'UTC' }, at, Number.MAX_SAFE_INTEGER)).code, 'invalid')
  assert.equal(thrown(() => addWorkingTime({ zone: 'UTC' }, at, 100_000 * 86_400_000)).code, 'horizon')
  assert.equal(thrown(() => workingTimeBetween({}, at, at)).message, 'calendar.zone: expected a string, not undefined')
  assert.equal(thrown(() => nextDeparture({ departure: at, everyDays: 0 }, at)).code, 'invalid')
})

test('text that is not what it should be is reported with its place', () => {
  const line = (fields) => JSON.stringify({ source: 's', id: '1', occurred_at: '2026-03-02T09:00:00Z', item: 's:1', ...fields })
  const deep = '['.repeat(100_000)
  const cases = [
    ['{"source":"s","id":', 'document'],
    [`{"source":${deep}`, undefined],
    [deep, undefined],
    ['[]', undefined],
    ['null', 'invalid'],
    ['\u0000', 'document'],
    [line({ kind: 'featur' }), 'invalid'],
    [line({ occurred_at: '2026-13-01T00:00:00Z' }), 'invalid'],
    [line({ occurred_at: '2026-03-02T09:00:00' }), 'invalid'],
    [line({ item: 5 }), 'invalid'],
    [line({ item: 'a\u0000b' }), 'invalid'],
    [line({ links: [{ kind: 'parent', to: 's:1' }] }), 'invalid'],
    [line({ set: { value: 'x' } }), 'invalid'],
  ]
  for (const [text, code] of cases) {
    const stream = new ValueStream()
    const report = stream.applyJsonLines(`\n${text}\n${line({ id: '2' })}`)
    assert.deepEqual([report.accepted, report.refused.length, report.refused[0].position], [1, 1, 2], text.slice(0, 80))
    if (code) assert.equal(report.refused[0].code, code, text.slice(0, 80))
  }
  assert.equal(new ValueStream().applyJsonLines(Buffer.from([0xff, 0xfe, 0x00])).refused.length, 1)
  assert.equal(new ValueStream().applyJsonLines(`"${'x'.repeat(17 << 20)}"`).refused[0].code, 'document')
})

test('names in any script and with any control are kept or refused, never mangled', () => {
  const stream = new ValueStream()
  const title = 'צילום \u202e\u0000\u2066\ud83d\ude80'
  stream.apply({ ...event, item: 'plan:\u202eA', set: { title } })
  assert.equal(stream.item('plan:\u202eA').fields.title, title)
  assert.equal(thrown(() => stream.apply({ ...event, id: '2', item: 'plan:\u0000' })).code, 'invalid')
  // Half a character has no UTF-8 form; it is replaced the way all of Node does it.
  stream.apply({ ...event, id: '3', set: { title: '\ud83d' } })
  assert.equal(stream.item('plan:A').fields.title, '\ufffd')
})

test('adapters reject what they can not read', async () => {
  const bomb = `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><testsuite name="&b;"/>`
  const inputs = ['', '{', '['.repeat(100_000), 'null', '\u0000', '<testsuite', bomb, '{"fields":null}', Buffer.from([0xc3, 0x28])]
  for (const adapter of api.enums.Adapter) {
    for (const input of inputs) {
      const stream = new ValueStream()
      const report = stream.ingest(adapter, input)
      assert.deepEqual(await new ValueStream().ingestAsync(adapter, input), report)
      for (const reject of report.rejects) assert.ok(reject.code && reject.reason && reject.position >= 0)
    }
  }
})

test('a snapshot that is none is refused whole', async () => {
  const whole = new ValueStream()
  whole.apply(event)
  const text = whole.snapshot().toString()
  const cases = ['', '{', 'null', '{}', text.slice(0, -1), text.replace('"version":1', '"version":2'), text.replace('plan:A', '')]
  for (const data of cases) {
    assert.equal(thrown(() => ValueStream.fromSnapshot(data)).code, 'document', data.slice(0, 40))
    await assert.rejects(ValueStream.fromSnapshotAsync(data), { code: 'document' })
  }
})

test('methods belong to streams', () => {
  assert.throws(() => ValueStream.prototype.item.call({}, 'plan:A'), TypeError)
  assert.throws(() => ValueStream.prototype.coverage.call(null), TypeError)
})

test('a worker that ends in the middle of its work takes nobody along', async () => {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads')
    const { ValueStream } = require(workerData.package)
    const stream = new ValueStream()
    stream.applyJsonLines(Buffer.from(workerData.lines))
    for (let n = 0; n < 8; n++) stream.verdictsAsync({ at: new Date() })
    parentPort.postMessage(stream.eventCount)`
  const lines = portfolio(5_000)
  const workerData = { package: path(new URL('vsm-node/index.js', root)), lines }
  const worker = new Worker(code, { eval: true, workerData })
  const count = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  assert.equal(count, 5_000)
  await worker.terminate()
  assert.equal(new ValueStream().applyJsonLines(lines).accepted, 5_000)
})
