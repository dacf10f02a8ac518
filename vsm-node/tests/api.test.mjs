// The declarations say what the core has, and the addon has what the declarations say.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as vsm from 'vsm-core'

import { api, member, read, type } from './support.mjs'

const declarations = read('vsm-node/index.d.ts')

/** The lines of one declaration, comments left out. */
function body(start) {
  const [, rest] = declarations.split(`\n${start} {\n`)
  assert.ok(rest, `index.d.ts has no "${start}"`)
  const lines = rest.slice(0, rest.indexOf('\n}')).split('\n')
  return lines.map((line) => line.trim()).filter((line) => !/^(\/\*\*|\*)/.test(line))
}

const words = { string: 'string', bool: 'boolean', u32: 'number', u64: 'number', i64: 'number', f64: 'number', span: 'number', instant: 'Date' }

function typescript(of) {
  if (of.optional) return typescript(of.optional)
  if (of.list) return `Array<${typescript(of.list)}>`
  if (of.map) return `Record<string, ${typescript(of.map)}>`
  return words[of.name] ?? of.name
}

for (const [name, record] of Object.entries(api.records)) {
  test(`the interface ${name} has the fields of the core`, () => {
    const declared = body(`export interface ${name}`).map((line) => line.split(': '))
    const expected = Object.entries(record.fields).map(([field, text]) => [member(field, text), typescript(type(text))])
    assert.deepEqual(declared.map(([field, ts]) => [field.replace('?', ''), ts]).sort(), expected.sort())
    const optional = new Map(declared.map(([field]) => [field.replace('?', ''), field.endsWith('?')]))
    for (const [field, text] of Object.entries(record.fields)) {
      if (text.endsWith('?')) assert.ok(optional.get(member(field, text)), `${name}.${field} is not optional`)
      else if (!record.input) assert.ok(!optional.get(member(field, text)), `${name}.${field} is optional`)
    }
  })
}

for (const [name, values] of Object.entries(api.enums)) {
  test(`the type ${name} has the words of the core`, () => {
    const [, rest] = declarations.split(`\nexport type ${name} = `)
    assert.ok(rest, `index.d.ts has no ${name}`)
    assert.equal(rest.slice(0, rest.indexOf('\n')), values.map((word) => `'${word}'`).join(' | '))
  })
}

test('the class has the declared methods, and no others', () => {
  const declared = body('export declare class ValueStream').map((line) => /^(static |get )?(\w+)\(/.exec(line))
  const names = (kind) => declared.filter((found) => found[1] === kind).map((found) => found[2]).sort()
  const every = ['arguments', 'caller', 'length', 'name', 'prototype']
  const own = (object) => Object.getOwnPropertyNames(object).filter((name) => !every.includes(name))
  assert.deepEqual(own(vsm.ValueStream).sort(), names('static '))
  assert.deepEqual(own(vsm.ValueStream.prototype).sort(), [...names(undefined), ...names('get ')].sort())
})

test('each method that works off the event loop is the twin of another', () => {
  const methods = [vsm.ValueStream, vsm.ValueStream.prototype].flatMap(Object.getOwnPropertyNames)
  const twins = methods.filter((name) => name.endsWith('Async'))
  assert.ok(twins.length > 10)
  for (const name of twins) assert.ok(methods.includes(name.slice(0, -'Async'.length)), name)
})

test('the package exports what is declared', () => {
  const values = [...declarations.matchAll(/^export declare (?:class|function) (\w+)/gm)].map((found) => found[1])
  const exported = Object.keys(vsm).filter((name) => !['default', 'module.exports'].includes(name))
  assert.deepEqual(exported.sort(), values.sort())
})

test('no entry point lets a panic reach Node', () => {
  // A method without the guard would take the process with it, and no test could tell.
  for (const file of ['stream.rs', 'store.rs', 'calendar.rs', 'schedule.rs']) {
    const source = read(`vsm-node/src/${file}`)
    const entries = [...source.matchAll(/#\[napi(?:\(([^\]]*)\))?\]\s*(?:#\[[^\]]*\]\s*)*pub (?:fn )?(\w+)/g)]
    assert.ok(entries.length > 2)
    for (const [, attributes, name] of entries.filter(([, , name]) => name !== 'struct')) {
      assert.match(attributes ?? '', /catch_unwind/, `${file}: ${name}`)
    }
  }
})
