// What the methods do, in JavaScript's own terms. What they answer is the vectors' business.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ValueStream, addWorkingTime, nextDeparture, workingTimeBetween } from 'vsm-core'

import { thrown } from './support.mjs'

const at = new Date('2026-03-02T09:00:00.000Z')
const hour = 3_600_000
let number = 0
const event = (item, more) => ({ source: 'plan', id: `${++number}`, occurredAt: at, item: `plan:${item}`, ...more })

test('an event is applied once', () => {
  const stream = new ValueStream()
  const first = event('A', { kind: 'feature', set: { title: 'Deposit a check by photo' } })
  assert.equal(stream.apply(first), true)
  assert.equal(stream.apply(first), false)
  assert.deepEqual([stream.itemCount, stream.eventCount, stream.linkCount], [1, 1, 0])
  assert.equal(thrown(() => stream.apply({ ...first, kind: 'story' })).code, 'conflict')
})

test('an item comes back as it went in', () => {
  const set = {
    title: 'Crop the photo',
    state: 'active',
    dueAt: new Date('2026-04-01T00:00:00.001Z'),
    estimateMs: 16 * hour,
    value: 2.5,
    capacity: 3,
    tests: { tests: 2, passed: 1, failed: 1, errors: 0, skipped: 0, durationMs: 1500 },
    cadence: { departure: at, everyDays: 14, cutoffMs: hour },
    calendar: {
      zone: 'Europe/Zurich',
      hours: [{ day: 'mon', start: '09:00', end: '17:00' }],
      holidays: ['2026-12-25'],
      holidayRules: [{ day: '2026-01-01', rrule: 'FREQ=YEARLY', reason: 'new year' }],
      exceptions: [{ day: '2026-12-24', hours: [{ start: '09:00', end: '12:00' }], reason: 'half a day' }],
      blackouts: [{ start: at, end: new Date(+at + hour), everyDays: 7, reason: 'batch' }],
    },
    attributes: { team: 'blue', ['__proto__']: 'kept', constructor: 'too' },
  }
  const stream = new ValueStream()
  const links = [{ kind: 'depends_on', to: 'plan:B', dependency: 'start_to_start', lagMs: -hour, stage: 'production' }]
  const given = event('A', { kind: 'feature', aliases: ['jira:A'], recordedAt: new Date(+at + 1), set, links })
  stream.apply(given)
  assert.deepEqual(stream.item('jira:A'), { id: 'plan:A', kind: 'feature', aliases: ['jira:A'], fields: set })
  assert.deepEqual(stream.history('plan:A'), [{ ...given, clear: [], unlinks: [] }])
  const evidence = `plan:${given.id}`
  const related = { kind: 'depends_on', from: 'plan:A', to: 'plan:B', confidence: 1, evidence }
  assert.deepEqual(stream.links('plan:B'), [related])
  assert.equal(stream.item('plan:B').kind, undefined)
  assert.ok(!('kind' in stream.item('plan:B')), 'what is absent is no property')
})

test('null is as good as nothing', () => {
  const stream = new ValueStream()
  stream.apply(event('A', { kind: null, recordedAt: null, set: { title: null, tests: null }, links: null, clear: null }))
  assert.deepEqual(stream.item('plan:A').fields, { attributes: {} })
  assert.deepEqual(stream.items(null), stream.items())
  assert.equal(stream.correlate(null).accepted, 0)
  assert.equal(stream.ingest('git', '', null).applied.accepted, 0)
})

test('an event clears a field by the name it is set by', () => {
  const stream = new ValueStream()
  stream.apply(event('A', { set: { dueAt: at, estimateMs: hour, statusId: '1', attributes: { team: 'blue', kept: 'k' } } }))
  stream.apply(event('A', { clear: ['dueAt', 'estimateMs', 'status_id', 'team'] }))
  assert.deepEqual(stream.item('plan:A').fields, { attributes: { kept: 'k' } })
  assert.deepEqual(stream.history('plan:A')[1].clear, ['dueAt', 'estimateMs', 'statusId', 'team'])
})

test('a batch never fails for one event', () => {
  const stream = new ValueStream()
  const cycle = event('B', { links: [{ kind: 'depends_on', to: 'plan:A' }] })
  const report = stream.applyBatch([
    event('A', { links: [{ kind: 'depends_on', to: 'plan:B' }] }),
    'no event',
    cycle,
    event('C', { links: [{ kind: 'parent' }] }),
    event('D', {}),
    event('E', { set: { capacity: 0 } }),
  ])
  assert.equal(report.accepted, 2)
  assert.deepEqual(
    report.refused.map(({ position, code, event }) => [position, code, event]),
    [
      [2, 'invalid', undefined],
      [3, 'cycle', `plan:${cycle.id}`],
      [4, 'invalid', undefined],
      [6, 'invalid', `plan:${number}`],
    ],
  )
  assert.equal(report.refused[2].reason, 'event.links[0].to: expected a string, not undefined')
})

test('JSON Lines are text or bytes', () => {
  const line = '{"source":"ü","id":"1","occurred_at":"2026-03-02T09:00:00Z","item":"ü:1","kind":"epic","colour":"red"}'
  const bytes = Buffer.from(line)
  const wide = new Uint8Array(bytes.length + 4)
  wide.set(bytes, 2)
  for (const data of [line, bytes, new Uint8Array(bytes), wide.subarray(2, bytes.length + 2)]) {
    const stream = new ValueStream()
    assert.deepEqual(stream.applyJsonLines(data), { accepted: 1, duplicates: 0, refused: [], unknownFields: { colour: 1 } })
    assert.deepEqual(stream.items('epic'), ['ü:1'])
  }
})

test('what a tool wrote is read, and linked by rules', () => {
  const stream = new ValueStream()
  const commit = { sha: '4f2c', parents: [], committed: '2026-03-02T09:00:00', subject: 'CHK-1 Crop the photo' }
  const refused = stream.ingest('git', JSON.stringify(commit))
  assert.deepEqual([refused.applied.accepted, refused.rejects.length, refused.rejects[0].position], [0, 1, 1])
  const report = stream.ingest('git', Buffer.from(JSON.stringify(commit)), { zone: 'Europe/Zurich', application: 'plan:app' })
  assert.equal(report.rejects.length, 0)
  assert.ok(report.applied.accepted > 0)
  assert.deepEqual(stream.items('change'), ['git:4f2c'])
  assert.equal(stream.history('git:4f2c')[0].occurredAt.toISOString(), '2026-03-02T08:00:00.000Z')
  assert.ok(stream.correlate({ prefixes: ['CHK'] }).accepted > 0)
  const link = stream.links('git:4f2c').find((link) => link.kind === 'implements')
  assert.equal(typeof link.rule, 'string')
  assert.ok(link.confidence < 1)
})

test('a snapshot holds everything, byte for byte', () => {
  const stream = new ValueStream()
  stream.apply(event('A', { kind: 'feature', set: { title: '\u0000 \u202e \ud83d\ude80' } }))
  const snapshot = stream.snapshot()
  assert.ok(Buffer.isBuffer(snapshot))
  for (const data of [snapshot, snapshot.toString()]) {
    const again = ValueStream.fromSnapshot(data)
    assert.deepEqual(again.item('plan:A'), stream.item('plan:A'))
    assert.ok(again.snapshot().equals(snapshot))
  }
})

test('a copy and its original go their own ways', () => {
  const stream = new ValueStream()
  stream.apply(event('A'))
  const copy = stream.copy()
  copy.apply(event('B'))
  stream.apply(event('C'))
  assert.deepEqual([stream.items(), copy.items()], [['plan:A', 'plan:C'], ['plan:A', 'plan:B']])
})

test('the past is read-only', () => {
  const stream = new ValueStream()
  stream.apply(event('A', { set: { title: 'old' } }))
  stream.apply(event('A', { occurredAt: new Date(+at + hour), recordedAt: new Date(+at + 2 * hour), set: { title: 'new' } }))
  const then = stream.asOf(new Date(+at + hour), new Date(+at + hour))
  assert.ok(then instanceof ValueStream)
  assert.equal(then.item('plan:A').fields.title, 'old')
  assert.equal(stream.asOf(new Date(+at + hour), new Date(+at + 2 * hour)).item('plan:A').fields.title, 'new')
  assert.equal(thrown(() => then.apply(event('B'))).code, 'read_only')
  assert.equal(then.applyBatch([event('B')]).refused[0].code, 'read_only')
})

test('a cycle is refused with its path', () => {
  const stream = new ValueStream()
  const needs = (item, other) => event(item, { links: [{ kind: 'depends_on', to: `plan:${other}` }] })
  stream.apply(needs('A', 'B'))
  stream.apply(needs('B', 'C'))
  const error = thrown(() => stream.apply(needs('C', 'A')))
  assert.equal(error.code, 'cycle')
  assert.equal(error.path[0], error.path.at(-1))
  assert.deepEqual([...new Set(error.path)].sort(), ['plan:A', 'plan:B', 'plan:C'])
  assert.match(error.message, /cycle/)
  assert.match(error.stack, /stream\.test\.mjs/)
  assert.equal(stream.eventCount, 2)
})

test('working time and departures are functions', () => {
  const day = (day) => ({ day, start: '09:00', end: '17:00' })
  const calendar = { zone: 'UTC', hours: ['mon', 'tue', 'wed', 'thu', 'fri'].map(day) }
  const friday = new Date('2026-03-06T09:00:00Z')
  const end = addWorkingTime(calendar, friday, 12 * hour)
  assert.deepEqual(end, new Date('2026-03-09T13:00:00Z'))
  assert.equal(workingTimeBetween(calendar, friday, end), 12 * hour)
  assert.deepEqual(addWorkingTime(calendar, end, -12 * hour), friday)
  const train = { departure: new Date('2026-01-06T00:00:00Z'), everyDays: 14 }
  assert.deepEqual(nextDeparture(train, new Date('2026-03-04T00:00:00Z')), new Date('2026-03-17T00:00:00Z'))
  assert.equal(nextDeparture({ departure: friday }, new Date(+friday + 1)), undefined)
})

test('the outlook is an object and a page', () => {
  const stream = new ValueStream()
  stream.apply(event('R1', { kind: 'release', set: { title: 'Mobile 4.12' } }))
  const query = { release: 'plan:R1', at, zone: 'UTC' }
  assert.equal(stream.outlook(query).title, 'Mobile 4.12')
  assert.match(stream.outlookText(query), /Mobile 4\.12/)
})
