// Promises work off the event loop, see the stream as it was when they were made, and never deadlock.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ValueStream } from 'vsm-core'

import { portfolio } from './support.mjs'

const ITEMS = 100_000
const lines = portfolio(ITEMS)
const at = new Date('2026-03-02T09:00:00.000Z')

/** How often a timer fires until the promise is settled. */
async function ticks(promise) {
  let count = 0
  const timer = setInterval(() => count++, 1)
  try {
    return [await promise, count]
  } finally {
    clearInterval(timer)
  }
}

test('the event loop goes on while a promise is worked on', async () => {
  const stream = new ValueStream()
  const [report, whileApplying] = await ticks(stream.applyJsonLinesAsync(lines))
  assert.equal(report.accepted, ITEMS)
  const [again, whileReading] = await ticks(ValueStream.fromSnapshotAsync(await stream.snapshotAsync()))
  assert.equal(again.eventCount, ITEMS)
  const [page, whileAsking] = await ticks(stream.outlookTextAsync({ release: 'plan:R7', at, zone: 'UTC' }))
  assert.match(page, /plan:R7/)
  for (const count of [whileApplying, whileReading, whileAsking]) assert.ok(count >= 3, `the timer fired ${count} times`)
})

test('a promise answers what its twin answers', async () => {
  const stream = new ValueStream()
  stream.applyJsonLines(portfolio(300))
  const calls = [
    ['readiness', { item: 'plan:F50', at }],
    ['verdicts', { at }],
    ['criticalPath', { item: 'plan:R7', at }],
    ['flowMetrics', { start: new Date('2026-01-01T00:00:00Z'), end: at, zone: 'UTC' }],
    ['trace', 'plan:F90'],
    ['items', 'feature'],
    ['links', 'plan:F90'],
    ['history', 'plan:F90'],
    ['scope', { release: 'plan:R7', at }],
    ['coverage'],
    ['dataQuality', { at }],
    ['shipping'],
    ['outlook', { release: 'plan:R7', at, zone: 'UTC' }],
    ['outlookText', { release: 'plan:R7', at, zone: 'UTC' }],
    ['snapshot'],
  ]
  for (const [name, ...given] of calls) {
    const promise = stream[`${name}Async`](...given)
    assert.ok(promise instanceof Promise, name)
    assert.deepEqual(await promise, stream[name](...given), name)
  }
  const events = stream.history('plan:F12')
  const [one, other] = [new ValueStream(), new ValueStream()]
  assert.deepEqual(await one.applyBatchAsync([...events, null]), other.applyBatch([...events, null]))
  assert.deepEqual(await one.correlateAsync({ prefixes: ['CHK'] }), other.correlate({ prefixes: ['CHK'] }))
})

test('a promise sees the stream as it was when it was made', async () => {
  const stream = new ValueStream()
  stream.applyJsonLines(portfolio(1_000))
  const before = stream.verdictsAsync({ at })
  const snapshot = stream.snapshotAsync()
  const expected = stream.snapshot()
  stream.apply({ source: 'late', id: '1', occurredAt: at, item: 'late:1', kind: 'feature' })
  const after = stream.verdictsAsync({ at })
  assert.equal((await after).items.length, (await before).items.length + 1)
  assert.ok((await snapshot).equals(expected))
})

test('bytes may be reused as soon as the call returns', async () => {
  const stream = new ValueStream()
  const data = Buffer.from(lines.subarray(0, 100_000))
  const promise = stream.applyJsonLinesAsync(data)
  data.fill(0)
  const report = await promise
  assert.ok(report.accepted > 100)
  // The cut may go through a line.
  assert.ok(report.refused.length <= 1)
})

test('calls made while events are applied neither deadlock nor see half an event', async () => {
  const stream = new ValueStream()
  const items = 20_000
  const some = portfolio(items)
  const applying = stream.applyJsonLinesAsync(some)
  const reading = Array.from({ length: 20 }, () => stream.snapshotAsync())
  const twice = stream.applyJsonLinesAsync(some)
  assert.equal(stream.apply({ source: 'late', id: '1', occurredAt: at, item: 'late:1' }), true)
  assert.equal(typeof stream.item('late:1').id, 'string')
  const reports = await Promise.all([applying, twice])
  assert.equal(reports[0].accepted + reports[1].accepted, items)
  assert.equal(reports[0].duplicates + reports[1].duplicates, items)
  for (const snapshot of await Promise.all(reading)) {
    const { length } = JSON.parse(snapshot).events
    assert.ok([0, 1, items, items + 1].includes(length), `${length}`)
  }
  assert.equal(stream.eventCount, items + 1)
})
