// The examples run as they stand and print what the sample portfolio says.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { path, root } from './support.mjs'

const shipDate = path(new URL('examples/node/ship_date.mjs', root))

function run(cwd, ...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [shipDate, ...args], { cwd, encoding: 'utf8' })
  return { status, stdout, stderr }
}

// Whoever runs an example may stand anywhere.
for (const folder of ['.', 'examples/node']) {
  test(`ship_date run in ${folder} prints the page and facts of the next mobile release`, () => {
    const { status, stdout, stderr } = run(path(new URL(folder, root)))
    assert.deepEqual([status, stderr], [0, ''])
    const [page, facts] = stdout.split('\nMobile 4.13.0 ships on 2026-03-17\n')
    assert.match(page, /^Mobile 4\.13\.0 of Mobile banking \(iPhone\), as of Wed 2026-03-04 \(Europe\/Zurich\)\n/)
    const lines = facts.trimEnd().split('\n')
    const [stages, unmet] = [lines.slice(0, 4), lines.slice(4)]
    const names = ['system_test', 'user_acceptance', 'pre_production', 'production']
    assert.deepEqual(stages.map((line) => line.split(':')[0]), names)
    for (const line of stages) assert.match(line, /: not_ready, \d+ unmet$/)
    assert.ok(page.includes(`What is missing (${unmet.length})`))
    assert.ok(unmet.includes('Priya Raman: scope_done of jira:CHK-28'))
  })
}

test('ship_date names the record that could not be read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vsm-'))
  try {
    const application = { source: 'plan', id: '1', occurred_at: '2026-03-02T09:00:00Z', item: 'app:mobile-banking' }
    writeFileSync(join(folder, 'plan.jsonl'), `${JSON.stringify(application)}\nno event\n`)
    const sources = [{ file: 'plan.jsonl', adapter: 'events', options: {} }]
    const manifest = { now: '2026-03-04T09:00:00.000Z', zone: 'UTC', correlation: {}, sources }
    writeFileSync(join(folder, 'vsm.json'), JSON.stringify(manifest))
    const { status, stdout, stderr } = run(folder, folder)
    assert.deepEqual([status, stdout], [1, ''])
    assert.match(stderr, /^plan\.jsonl:2: /)
    assert.match(stderr, /app:mobile-banking has no open release/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
