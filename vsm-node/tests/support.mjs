// What several tests need: the repository's own description of the API, and values between JSON and JavaScript.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const root = new URL('../../', import.meta.url)

export const api = JSON.parse(readFileSync(new URL('tests/api.json', root), 'utf8'))

export const read = (path) => readFileSync(new URL(path, root), 'utf8')

export const path = (url) => fileURLToPath(url)

/** Calls it and gives what it throws, which has to be an `Error`. */
export function thrown(call) {
  try {
    call()
  } catch (error) {
    if (error instanceof Error) return error
    throw new TypeError(`thrown is ${error}, no Error`)
  }
  throw new Error('nothing is thrown')
}

/** A type of `api.json` taken apart: `[Event]?` is an optional list of events. */
export function type(text) {
  if (text.endsWith('?')) return { optional: type(text.slice(0, -1)) }
  if (text.startsWith('[')) return { list: type(text.slice(1, -1)) }
  if (text.startsWith('{')) return { map: type(text.slice(1, -1)) }
  return { name: text }
}

const holdsSpan = (of) => of.name === 'span' || [of.optional, of.list, of.map].some((inner) => inner && holdsSpan(inner))

export const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase())

/** The name of a field in JavaScript. */
export const member = (name, text) => camel(name) + (holdsSpan(type(text)) ? 'Ms' : '')

const clearable = Object.entries(api.records.Fields.fields)
const clearToJs = new Map(clearable.map(([name, text]) => [name, member(name, text)]))
const clearToJson = new Map([...clearToJs].map(([name, js]) => [js, name]))

/** A value in its JSON form as JavaScript has it. */
export function toJs(of, json) {
  if (of.optional) return json == null ? undefined : toJs(of.optional, json)
  if (of.list) return json.map((item) => toJs(of.list, item))
  if (of.map) return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, toJs(of.map, value)]))
  if (of.name === 'instant') return new Date(json)
  const record = api.records[of.name]
  if (!record) return json
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => {
      const text = record.fields[name]
      if (text === undefined) throw new Error(`${of.name} has no field ${name}`)
      if (of.name === 'Event' && name === 'clear') return [name, value.map((it) => clearToJs.get(it) ?? it)]
      return [member(name, text), value === null ? null : toJs(type(text), value)]
    }),
  )
}

/** A value of JavaScript in its JSON form. A member that is no field is an error. */
export function toJson(of, value) {
  if (of.optional) return value === undefined ? null : toJson(of.optional, value)
  if (of.list) return value.map((item) => toJson(of.list, item))
  if (of.map) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(of.map, item)]))
  if (of.name === 'instant') return value.toISOString()
  const record = api.records[of.name]
  if (!record) return value
  const names = new Map(Object.entries(record.fields).map(([name, text]) => [member(name, text), [name, text]]))
  return Object.fromEntries(
    Object.entries(value).map(([js, item]) => {
      const [name, text] = names.get(js) ?? []
      if (name === undefined) throw new Error(`${of.name} has no field for ${js}`)
      if (of.name === 'Event' && name === 'clear') return [name, item.map((it) => clearToJson.get(it) ?? it)]
      return [name, toJson(type(text), item)]
    }),
  )
}

/** JSON Lines of a stream that can be made large: an event each for ten releases and for features that need others. */
export function portfolio(items) {
  const events = Array.from({ length: items }, (_, n) => {
    const event = { source: 'plan', id: `${n}`, occurred_at: '2026-01-05T09:00:00.000Z' }
    if (n < 10) return { ...event, item: `plan:R${n}`, kind: 'release', set: { title: `Release ${n}` } }
    const links = [{ kind: 'ships_in', to: `plan:R${n % 10}` }]
    if (n > 20) links.push({ kind: 'depends_on', to: `plan:F${n - 1 - (n % 7)}` })
    const set = { title: `Feature ${n}`, state: n % 3 ? 'active' : 'done', remaining: 3_600_000 }
    return { ...event, item: `plan:F${n}`, kind: 'feature', set, links }
  })
  return Buffer.from(events.map((event) => JSON.stringify(event)).join('\n'))
}
