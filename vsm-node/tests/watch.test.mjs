// Verdicts that are kept up to date beside a stream.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ValueStream } from 'vsm-core'

import { thrown } from './support.mjs'

const at = new Date('2026-03-02T09:00:00Z')
const later = new Date('2026-03-03T09:00:00Z')

function watched() {
  const stream = new ValueStream()
  stream.applyBatch([
    { source: 't', id: '1', occurredAt: at, item: 'r:1', kind: 'release' },
    {
      source: 't',
      id: '2',
      occurredAt: at,
      item: 's:1',
      kind: 'story',
      set: { state: 'active' },
      links: [{ kind: 'ships_in', to: 'r:1' }],
    },
  ])
  return stream
}

const done = { source: 't', id: '3', occurredAt: at, item: 's:1', set: { state: 'done' } }
const told = ({ changed }) => changed.map(({ item, from, to }) => [item, from, to])

test('a watch tells what changed', () => {
  const stream = watched()
  const watch = stream.watch({ at, kind: 'release' })
  assert.deepEqual(watch.at, at)
  assert.equal(watch.verdict(stream, 'r:1'), 'not_ready')
  assert.deepEqual(told(watch.update(stream)), [])
  stream.apply(done)
  const changes = watch.update(stream)
  assert.deepEqual(told(changes), [['r:1', 'not_ready', 'unknown']])
  assert.ok(changes.changed[0].reason.sentence)
  assert.deepEqual(told(watch.advance(stream, later)), [])
  assert.deepEqual(watch.at, later)
})

test('the same with promises', async () => {
  const stream = watched()
  const watch = await stream.watchAsync({ at, kind: 'release' })
  stream.apply(done)
  assert.deepEqual(told(await watch.updateAsync(stream)), [['r:1', 'not_ready', 'unknown']])
  assert.deepEqual(told(await watch.advanceAsync(stream, later)), [])
  await assert.rejects(watch.updateAsync(new ValueStream()), { code: 'invalid' })
})

test('a watch refuses another stream, an unknown item and what is no date', () => {
  const stream = watched()
  const watch = stream.watch({ at })
  assert.equal(thrown(() => watch.update(new ValueStream())).code, 'invalid')
  assert.equal(thrown(() => watch.verdict(stream, 'nobody')).code, 'unknown_item')
  assert.throws(() => watch.advance(stream, 'tomorrow'))
  assert.throws(() => stream.watch({ at, stagge: 'production' }))
})
