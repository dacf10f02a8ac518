// When does the next release of the iPhone app ship, and why not today?
//
//     node examples/node/ship_date.mjs [FOLDER]
//
// Reads the files that the folder's `vsm.json` lists, of the sample portfolio unless you name another. Files and the
// moment of the question are the host's business; the rest are calls into the engine.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

// From 'vsm-core' in a project of your own.
import { ValueStream } from '../../vsm-node/index.js'

/** @typedef {{ file: string, adapter: import('../../vsm-node/index.js').Adapter, options: Record<string, any> }} Source */

const folder = process.argv[2] ?? fileURLToPath(new URL('../data', import.meta.url))

/** Every file, by the adapter and with the context that the manifest gives it. @param {Source[]} sources */
async function read(sources) {
  const stream = new ValueStream()
  for (const { file, adapter, options } of sources) {
    // JSON has no instants: in JavaScript they are `Date`s.
    const at = options.at && new Date(options.at)
    // Off the event loop, one after the other, because the manifest's order is meant.
    const report = await stream.ingestAsync(adapter, readFileSync(join(folder, file)), { ...options, at })
    // One bad record never keeps the others out, so what was left out has to be looked at.
    for (const { position, reason } of report.rejects) console.error(`${file}:${position}: ${reason}`)
    for (const { position, reason } of report.applied.refused) console.error(`${file}, event ${position}: ${reason}`)
  }
  return stream
}

/**
 * Of the releases that belong to an application and are still open, the one that is due first.
 *
 * @param {ValueStream} stream
 * @param {string} application
 */
function nextRelease(stream, application) {
  const open = stream
    .links(application)
    .filter((link) => link.kind === 'belongs_to')
    .map((link) => stream.item(link.from))
    .filter(({ kind, fields }) => kind === 'release' && fields.state !== 'done' && fields.state !== 'cancelled')
    .map(({ id, fields }) => ({ id, due: fields.dueAt?.getTime() ?? Number.MAX_VALUE }))
  const [first] = open.sort((one, other) => one.due - other.due)
  if (first === undefined) throw new Error(`${application} has no open release`)
  return first.id
}

const manifest = JSON.parse(readFileSync(join(folder, 'vsm.json'), 'utf8'))
const stream = await read(manifest.sources)
// Adds the links that no tool states: commits to issues, builds to commits, tags to releases.
await stream.correlateAsync(manifest.correlation)

const release = nextRelease(stream, 'app:mobile-banking')
const query = { release, at: new Date(manifest.now), zone: manifest.zone }
console.log(await stream.outlookTextAsync(query))

const outlook = await stream.outlookAsync(query)
// Sweden writes days as ISO 8601 does.
console.log(`${outlook.title} ships on ${outlook.shipsAt.toLocaleDateString('sv-SE', { timeZone: outlook.zone })}`)
for (const { stage, verdict, unmet } of outlook.stages) console.log(`${stage}: ${verdict}, ${unmet} unmet`)
for (const { waitsFor, condition, item } of outlook.unmet) {
  console.log(`${waitsFor ?? 'nobody in particular'}: ${condition} of ${item}`)
}
