// What the READMEs show is run, so that it works.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { path, read, root } from './support.mjs'

for (const file of ['vsm-node/README.md', 'README.md']) {
  test(`the code in ${file} runs as it stands`, () => {
    // The blocks of one file go on where the one before left off.
    const blocks = [...read(file).matchAll(/^```(?:js|javascript)\n(.*?)^```$/gms)].map((found) => found[1])
    assert.ok(blocks.length > 0, `${file} shows no JavaScript`)
    const entry = new URL('vsm-node/index.js', root).href
    const code = blocks.join('\n').replaceAll(/from 'vsm-core'/g, `from '${entry}'`)
    const folder = mkdtempSync(join(tmpdir(), 'vsm-'))
    try {
      const script = join(folder, 'readme.mjs')
      writeFileSync(script, code)
      const { status, stdout, stderr } = spawnSync(process.execPath, [script], { cwd: path(root), encoding: 'utf8' })
      // An assertion of the console only prints that it has failed.
      assert.deepEqual([status, stderr], [0, ''])
      assert.notEqual(stdout, '')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
}
