// Networks of activities that are given: `schedule` and `LiveSchedule`.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LiveSchedule, schedule, scheduleAsync } from 'vsm-core'

import { thrown } from './support.mjs'

const dayMs = 24 * 3_600_000
const day = (n) => new Date(Date.UTC(2026, 2, 2 + n))
const activity = (id, days) => ({ id, durationMs: days * dayMs })

/** Build 2, then test 3 and sign 1 side by side, then ship. */
const network = () => ({
  start: day(0),
  activities: [activity('build', 2), activity('test', 3), activity('sign', 1), activity('ship', 0)],
  dependencies: [
    { from: 'build', to: 'test' },
    { from: 'build', to: 'sign' },
    { from: 'test', to: 'ship' },
    { from: 'sign', to: 'ship' },
  ],
})

const items = ({ moved }) => moved.map(({ item }) => item)

test('a network is scheduled', async () => {
  const path = schedule(network())
  assert.deepEqual([path.path, path.finish, path.lengthMs], [['build', 'test', 'ship'], day(5), 5 * dayMs])
  const sign = path.activities.find(({ item }) => item === 'sign')
  assert.deepEqual([sign.earlyStart, sign.lateStart, sign.totalFloatMs], [day(2), day(4), 2 * dayMs])
  assert.equal(sign.startedBy, 'dependency')
  assert.deepEqual(await scheduleAsync(network()), path)
})

test('a schedule is kept up to date', () => {
  const live = new LiveSchedule(network())
  assert.deepEqual(live.finish, day(5))
  const longer = live.change({ activities: [activity('sign', 5)] })
  assert.deepEqual([longer.finishBefore, longer.finish, longer.movedByMs], [day(5), day(7), 2 * dayMs])
  assert.deepEqual(items(longer), ['ship', 'sign'])
  assert.deepEqual([longer.moved[0].earlyStartBefore, longer.moved[0].earlyStart], [day(5), day(7)])
  assert.deepEqual(live.criticalPath().path, ['build', 'sign', 'ship'])
  assert.deepEqual(live.criticalPath(), schedule(live.network()))

  const other = live.change({
    activities: [activity('announce', 1)],
    dependencies: [{ from: 'ship', to: 'announce' }],
    removedActivities: ['sign'],
  })
  assert.deepEqual([other.finish, other.movedByMs], [day(6), -dayMs])
  assert.equal(other.moved.find(({ item }) => item === 'sign').earlyStart, undefined)
  assert.deepEqual(live.network().activities.map(({ id }) => id), ['build', 'test', 'ship', 'announce'])
})

test('the same with promises', async () => {
  const live = await LiveSchedule.createAsync(network())
  assert.deepEqual(items(await live.changeAsync({ activities: [activity('sign', 5)] })), ['ship', 'sign'])
  assert.deepEqual(await live.criticalPathAsync(), live.criticalPath())
  await assert.rejects(live.changeAsync({ dependencies: [{ from: 'ship', to: 'build' }] }), { code: 'cycle' })
  await assert.rejects(LiveSchedule.createAsync({ start: day(0) }), { code: 'invalid' })
  await assert.rejects(scheduleAsync({ ...network(), finishBy: 'soon' }), { code: 'invalid' })
})

test('what is refused changes nothing', () => {
  const live = new LiveSchedule(network())
  const [before, path] = [live.network(), live.criticalPath()]
  const refused = (change) => thrown(() => live.change(change))
  const cycle = refused({ dependencies: [{ from: 'ship', to: 'build' }] })
  assert.deepEqual([cycle.code, cycle.path.at(0)], ['cycle', cycle.path.at(-1)])
  assert.equal(refused({ removedActivities: ['x'] }).code, 'unknown_item')
  assert.match(refused({ activities: [activity('test', -1)] }).message, /activities\[0\]\.duration/)
  assert.equal(refused({ calendars: [{ name: 'o', calendar: { zone: 'Mars' } }] }).code, 'unknown_zone')
  assert.match(refused({ activities: [{ durationMs: 1 }] }).message, /^change\.activities\[0\]\.id/)
  assert.match(refused({ activites: [] }).message, /activites/)
  assert.match(refused(undefined).message, /^change/)
  assert.deepEqual([live.network(), live.criticalPath()], [before, path])
})

test('a network that is none is refused', () => {
  assert.equal(thrown(() => new LiveSchedule({ ...network(), calendar: 'office' })).code, 'invalid')
  assert.equal(thrown(() => schedule({ start: day(0), activities: [activity('a', 1), activity('a', 1)] })).code, 'invalid')
  assert.match(thrown(() => new LiveSchedule()).message, /^network/)
})
