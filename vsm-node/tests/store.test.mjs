// Streams that are kept in a file, and files that are read as they are applied.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ValueStream } from 'vsm-core'

const folder = mkdtempSync(join(tmpdir(), 'vsm-'))
after(() => rmSync(folder, { recursive: true }))

const event = (n, more) => ({ source: 'plan', id: `${n}`, occurred_at: '2026-03-02T09:00:00Z', item: `plan:${n % 7}`, ...more })
const lines = (...numbers) => numbers.map((n) => JSON.stringify(event(n)) + '\n').join('')
const range = (count) => Array.from({ length: count }, (_, n) => n)

/** What a promise rejects with. */
async function rejection(promise) {
  try {
    await promise
  } catch (error) {
    return error
  }
  assert.fail('nothing was thrown')
}

/** A file of lines that are long enough for some megabytes. */
const long = join(folder, 'long.jsonl')
const text = range(12).map((n) => JSON.stringify(event(n, { odd: 'x'.repeat(400_000) })) + '\n').join('')
writeFileSync(long, text)

for (const format of ['journal', 'sqlite']) {
  test(`a stream in a ${format} goes on where it ended`, async () => {
    const path = join(folder, `on.${format}`)
    const stream = await ValueStream.open(path, { format })
    assert.equal(stream.recovery().events, 0)
    assert.equal((await stream.applyJsonLinesAsync(lines(...range(20)))).accepted, 20)
    const one = { source: 'plan', id: '20', occurredAt: new Date('2026-03-02T09:00:00Z'), item: 'plan:6' }
    assert.deepEqual([await stream.applyAsync(one), stream.apply(one)], [true, false])
    const seal = await stream.seal()
    const snapshot = stream.snapshot()
    await stream.close()

    const again = await ValueStream.open(path, { format, syncEvery: 100 })
    assert.deepEqual([again.recovery().events, again.recovery().damaged], [21, 0])
    assert.deepEqual(again.snapshot(), snapshot)
    assert.equal((await again.ingestAsync('events', lines(20, 21))).applied.duplicates, 1)
    await again.sync()
    await again.compact()
    const audit = await again.verify(seal)
    assert.deepEqual([audit.events, audit.faulty, audit.seal], [22, 0, await again.seal()])
    assert.equal((await again.verify({ number: 21, hash: '0'.repeat(64) })).faulty, 1)
    await again[Symbol.asyncDispose]()
    await (await ValueStream.open(path, { format })).close()
  })

  test(`one writes a ${format} and others read it`, async () => {
    const path = join(folder, `two.${format}`)
    const writer = await ValueStream.open(path, { format })
    writer.applyJsonLines(lines(1))
    const refused = await rejection(ValueStream.open(path, { format }))
    assert.deepEqual([refused.code, refused.file, refused.position], ['storage', path, undefined])
    assert.match(refused.message, /another writer has it open/)
    const reader = await ValueStream.open(path, { format, readOnly: true })
    assert.match((await rejection(reader.applyJsonLinesAsync(lines(2)))).message, /open for reading only/)
    writer.applyJsonLines(lines(2, 3))
    assert.deepEqual([reader.eventCount, (await reader.catchUp()).events, reader.eventCount], [1, 2, 3])
    await Promise.all([reader.close(), writer.close()])
  })

  test(`a damaged ${format} says where`, async () => {
    const path = join(folder, `damaged.${format}`)
    const stream = await ValueStream.open(path, { format })
    for (const n of range(50)) stream.applyJsonLines(lines(n))
    await stream.close()
    const bytes = readFileSync(path)
    bytes.write('X', bytes.lastIndexOf('"id":"30"') + 6)
    writeFileSync(path, bytes)
    const again = await ValueStream.open(path, { format, readOnly: true })
    const { events, lost, damage } = again.recovery()
    assert.deepEqual([events, lost, damage[0].after], [49, 1, 30])
    assert.match(damage[0].position, format === 'journal' ? /^byte \d+$/ : /^event 31$/)
    assert.ok((await again.verify()).faulty > 0)
  })

  test(`reading into a ${format} can be ended`, async () => {
    const path = join(folder, `ended.${format}`)
    const stream = await ValueStream.open(path, { format })
    const stop = new AbortController()
    const run = await stream.ingestPath('events', long, {
      signal: stop.signal,
      onProgress: (now) => now.accepted >= 4 && stop.abort(),
    })
    const applied = run.report.applied.accepted
    assert.ok(run.cancelled && run.bytes > 0 && run.bytes < text.length, JSON.stringify(run))
    assert.ok(applied >= 4 && applied < 12 && stream.eventCount === applied, `${applied}`)
    await stream.close()
    assert.equal((await ValueStream.open(path, { format, readOnly: true })).eventCount, applied)
  })
}

test('what is closed is still answered and not changed', async () => {
  const stream = await ValueStream.open(join(folder, 'closed'))
  stream.applyJsonLines(lines(1))
  await stream.close()
  await stream.close()
  assert.deepEqual(stream.items(), ['plan:1'])
  for (const call of ['sync', 'verify', 'compact', 'seal', 'catchUp']) {
    const { code, message } = await rejection(stream[call]())
    assert.equal(code, 'storage', call)
    assert.match(message, /it is closed: open it again/)
  }
  assert.throws(() => stream.applyJsonLines(lines(2)), { code: 'storage' })
  assert.throws(() => stream.recovery(), { code: 'storage' })
  assert.equal(stream.copy().applyJsonLines(lines(2)).accepted, 1)
})

test('what takes nothing says so of an empty file, too', async () => {
  const path = join(folder, 'takes-nothing')
  const empty = join(folder, 'empty.jsonl')
  writeFileSync(empty, '')
  const stream = await ValueStream.open(path)
  assert.equal((await stream.ingestPath('events', empty)).bytes, 0)
  const reader = await ValueStream.open(path, { readOnly: true })
  await stream.close()
  for (const closed of [stream, reader]) {
    for (const adapter of ['events', 'jira']) {
      assert.equal((await rejection(closed.ingestPath(adapter, empty))).code, 'storage')
    }
  }
})

test('a stream without a store says what to do', async () => {
  const stream = new ValueStream()
  for (const call of ['sync', 'verify', 'compact', 'seal', 'catchUp', 'close']) {
    const { code, message } = await rejection(stream[call]())
    assert.equal(code, 'invalid', call)
    assert.match(message, /open one by the path of its store/)
  }
  assert.throws(() => stream.recovery(), { code: 'invalid' })
})

test('what cannot be opened', async () => {
  const path = join(folder, 'text')
  writeFileSync(path, 'no store at all\n'.repeat(10))
  for (const format of ['journal', 'sqlite']) {
    assert.equal((await rejection(ValueStream.open(path, { format }))).code, 'storage')
    assert.equal((await rejection(ValueStream.open(join(folder, 'none'), { format, readOnly: true }))).code, 'storage')
  }
  const wrong = [[5], [], [path, { format: 'tape' }], [path, { syncEvery: -1 }], [path, { readOnly: 'yes' }], [path, 7]]
  const odd = await rejection(ValueStream.open(path, { readonly: true }))
  assert.deepEqual([odd.code, odd.message], ['invalid', "options: there is no property 'readonly', only format, syncEvery, readOnly"])
  for (const args of wrong) assert.equal((await rejection(ValueStream.open(...args))).code, 'invalid', JSON.stringify(args))
})

test('a file is read as it is applied, and the event loop goes on', async () => {
  const told = []
  const stream = new ValueStream()
  let ticks = 0
  const timer = setInterval(() => ticks++, 1)
  const run = await stream.ingestPath('events', long, { onProgress: (now) => told.push(now) })
  clearInterval(timer)
  const whole = new ValueStream()
  assert.deepEqual(run, { path: long, report: whole.ingest('events', text), bytes: text.length, cancelled: false })
  assert.deepEqual(stream.snapshot(), whole.snapshot())
  assert.ok(told.length > 5 && told.every((now, n) => n === 0 || now.bytes >= told[n - 1].bytes))
  assert.deepEqual(told.at(-1), { bytes: text.length, accepted: 12, duplicates: 0, refused: 0, rejects: 0 })
  assert.ok(ticks > 0)
  assert.equal((await stream.ingestPath('events', long)).report.applied.duplicates, 12)
  assert.equal((await stream.ingestPath('events', long, { onProgress: () => false })).cancelled, false)
})

test('a signal that has aborted already lets nothing be read', async () => {
  const stream = new ValueStream()
  const run = await stream.ingestPath('events', long, { signal: AbortSignal.abort() })
  assert.deepEqual([run.cancelled, run.bytes, stream.eventCount], [true, 0, 0])
})

test('what a listener throws is what the promise rejects with', async () => {
  const enough = new Error('enough')
  const stream = new ValueStream()
  const fail = (now) => {
    if (now.accepted > 0) throw enough
  }
  assert.equal(await rejection(stream.ingestPath('events', long, { onProgress: fail })), enough)
  assert.ok(stream.eventCount > 0 && stream.eventCount < 12)
})

test('bad arguments of reading', async () => {
  const stream = new ValueStream()
  const none = join(folder, 'none')
  const missing = await rejection(stream.ingestPath('git', none))
  assert.deepEqual([missing.code, missing.file], ['storage', none])
  assert.equal((await rejection(stream.ingestPath('git', folder))).code, 'storage')
  for (const args of [['abacus', long], ['git', 5], ['git', long, { options: 7 }], ['git', long, { options: { zone: 7 } }]]) {
    assert.equal((await rejection(stream.ingestPath(...args))).code, 'invalid', JSON.stringify(args))
  }
  assert.ok((await rejection(stream.ingestPath('git', long, { signal: 5 }))) instanceof TypeError)
  assert.ok((await rejection(stream.ingestPath('git', long, { onProgress: 5 }))) instanceof TypeError)
})

test('a process may leave while a file is read', () => {
  const long = join(folder, 'leave.jsonl')
  writeFileSync(long, lines(...range(30000)))
  const program = `
    const { ValueStream } = require('vsm-core')
    new ValueStream().ingestPath('events', ${JSON.stringify(long)}, { onProgress() {} })
    process.exit(7)`
  const left = spawnSync(process.execPath, ['-e', program], { cwd: new URL('..', import.meta.url), timeout: 60_000 })
  assert.deepEqual([left.status, left.signal], [7, null], `${left.stderr}`)
})
