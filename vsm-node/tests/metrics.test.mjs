// Metrics: tables as objects and as Arrow bytes, and states of parts that add up.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ValueStream, mergeMetrics, mergeMetricsAsync, metricPresets, metricTable, metrics } from 'vsm-core'

import { thrown } from './support.mjs'

const monday = new Date('2026-03-02T00:00:00Z')
const query = { metric: 'cycle_time', start: monday, end: new Date('2026-03-16T00:00:00Z'), zone: 'UTC', bucket: 'week' }

function record() {
  const stream = new ValueStream()
  for (const [id, hours, state] of [['1', 0, 'active'], ['2', 60, 'done']]) {
    const occurredAt = new Date(+monday + hours * 3_600_000)
    stream.apply({ source: 'doc', id, occurredAt, item: 'jira:A', kind: 'story', set: { state } })
  }
  return stream
}

test('a table has a row for each part of its window', async () => {
  const { unit, rows } = record().metric(query)
  assert.equal(unit, 'days')
  assert.deepEqual(rows.map(({ bucket, n, value }) => [bucket, n, value]), [['2026-W10', 1, 2.5], ['2026-W11', 0, undefined]])
  assert.equal(rows[1].reason, 'no_data')
  assert.deepEqual(await record().metricAsync(query), record().metric(query))
})

test('rows come as the bytes of an Arrow stream, the same for the same question', async () => {
  const bytes = record().metricArrow(query)
  assert.ok(Buffer.isBuffer(bytes))
  // An encapsulated message begins with its mark; the names of the columns are in the first, the schema.
  assert.equal(bytes.readInt32LE(0), -1)
  for (const name of ['bucket', 'value', 'sample']) assert.ok(bytes.includes(name), name)
  assert.ok(bytes.includes('2026-W10'))
  assert.ok(bytes.equals(await record().metricArrowAsync(query)))
  assert.throws(() => record().metricArrow({ ...query, metric: 'speed' }), { code: 'invalid' })
  await assert.rejects(record().metricArrowAsync({ ...query, zone: 'Nowhere' }), { code: 'unknown_zone' })
})

test('rows come as typed arrays, the same as the records', async () => {
  const { rows } = record().metric({ ...query, groupBy: ['kind'] })
  const columns = record().metricColumns({ ...query, groupBy: ['kind'] })
  assert.ok(columns.value instanceof Float64Array)
  assert.deepEqual([...columns.value], rows.map(({ value }) => value ?? NaN))
  assert.deepEqual([...columns.start].map((at) => new Date(at)), rows.map(({ start }) => start))
  assert.deepEqual(columns.bucket, rows.map(({ bucket }) => bucket))
  assert.deepEqual(columns.group, rows.map(({ group }) => group))
  assert.deepEqual([...columns.sample.p85], rows.map(({ sample }) => sample?.p85 ?? NaN))
  assert.deepEqual([...columns.survival.medianLower].length, rows.length)
  const samples = await record().metricSamplesColumnsAsync(query)
  assert.ok(samples.open instanceof Uint8Array)
  assert.deepEqual([[...samples.open], samples.item, [...samples.value]], [[0], ['jira:A'], [2.5]])
  assert.deepEqual(await record().metricColumnsAsync(query), record().metricColumns(query))
  assert.throws(() => record().metricColumns({ ...query, metric: 'speed' }), { code: 'invalid' })
})

test('the bytes of an Arrow stream are read by a mapping', async () => {
  const mapping = { source: 'goals', format: 'arrow', id: 'goal:{bucket}', kind: 'feature', occurredAt: '{start}', fields: { value: '{value}' } }
  const stream = new ValueStream()
  const report = await stream.ingestAsync('mapping', record().metricArrow(query), { mapping })
  assert.deepEqual([report.applied.accepted, report.rejects], [2, []])
  assert.deepEqual([stream.item('goal:2026-W10').fields.value, stream.item('goal:2026-W11').fields.value], [2.5, undefined])
  const broken = stream.ingest('mapping', Buffer.from('no table'), { mapping })
  assert.deepEqual(broken.rejects.map(({ position, code }) => [position, code]), [[1, 'document']])
})

test('the states of two records add up', async () => {
  const states = [new ValueStream().metricState(query), record().metricState(query)]
  const whole = mergeMetrics({ states })
  assert.deepEqual(metricTable({ state: whole }), record().metric(query))
  assert.deepEqual(await mergeMetricsAsync({ states: states.reverse() }), whole)
})

test('metrics and presets are listed', () => {
  assert.ok(metrics().some(({ name, unit }) => name === 'wip' && unit === 'items'))
  assert.ok(metricPresets().some(({ name, rules }) => name === 'lighthouse' && rules.dayCount === 'calendar_inclusive'))
})

test('a metric is kept up to date', async () => {
  const stream = record()
  const live = stream.liveMetric({ ...query, metric: 'throughput' })
  assert.deepEqual(live.update(stream).rows, [])
  const done = (n) => ({ source: 'doc', id: `${n}`, occurredAt: monday, item: `jira:${n}`, kind: 'story', set: { state: 'done' } })
  stream.apply(done(3))
  assert.equal(live.follow(stream), 1)
  stream.apply(done(4))
  const { rows, events, items, recomputedAll } = live.update(stream)
  assert.deepEqual(rows.map(({ bucket, value }) => [bucket, value]), [['2026-W10', 3]])
  assert.deepEqual([events, items, recomputedAll], [2, 2, false])
  assert.deepEqual(live.table(stream), stream.metric(live.query))
  assert.deepEqual(live.state(stream), stream.metricState(live.query))
  const later = await stream.liveMetricAsync(live.query)
  stream.apply(done(5))
  assert.deepEqual((await later.updateAsync(stream)).rows, live.update(stream).rows)
  assert.deepEqual(await later.tableAsync(stream), live.table(stream))
  assert.deepEqual(await later.stateAsync(stream), live.state(stream))
  assert.equal(await later.followAsync(stream), 0)
  // Promises take turns in any order, and none comes too late.
  const all = Array.from({ length: 50 }, (_, n) => {
    stream.apply(done(100 + n))
    return later.updateAsync(stream)
  })
  const told = await Promise.all(all)
  assert.equal(told.reduce((sum, { events }) => sum + events, 0), 50)
  for (const refused of ['update', 'follow', 'table', 'state']) {
    assert.equal(thrown(() => live[refused](new ValueStream())).code, 'invalid')
  }
  assert.match(thrown(() => stream.liveMetric({ ...query, metric: 'luck' })).message, /^metric: /)
  await assert.rejects(stream.liveMetricAsync({ ...query, metric: 'luck' }), { code: 'invalid' })
})
