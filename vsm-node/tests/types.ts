// Proves the declarations: `tsc` has to accept this file, and to refuse each line that is marked.

import { LiveSchedule, ValueStream, addWorkingTime, nextDeparture, schedule, scheduleAsync, workingTimeBetween } from 'vsm-core'
import type { ApplyReport, Audit, Calendar, Columns, CriticalPath, Event, IngestRun, Kind } from 'vsm-core'
import type { MetricRow, NetworkQuery, Outlook, ScheduleChanges, Seal, Unmet, Verdict, VsmError } from 'vsm-core'

const at = new Date('2026-03-02T09:00:00Z')
const calendar: Calendar = { zone: 'Europe/Zurich', hours: [{ day: 'mon', start: '09:00', end: '17:00' }] }

const event: Event = {
  source: 'plan',
  id: '1',
  occurredAt: at,
  item: 'plan:R1',
  kind: 'release',
  set: { title: 'Mobile 4.12', dueAt: at, estimateMs: 3_600_000, attributes: { train: 'blue' } },
  links: [{ kind: 'depends_on', to: 'plan:R0', dependency: 'finish_to_start', lagMs: -1 }],
}

const stream = new ValueStream()
const fresh: boolean = stream.apply(event)
const report: ApplyReport = stream.applyBatch([event])
const unknown: number | undefined = report.unknownFields['set.colour']
const later: Promise<ApplyReport> = stream.applyJsonLinesAsync(new Uint8Array())

const unmet: Unmet[] = stream.readiness({ item: 'plan:R1', at, policy: { blocking: 'major' } }).unmet
const since: Date | undefined = unmet[0]?.since
const verdicts: Map<string, Verdict> = new Map(stream.verdicts({ at, list: ['not_ready'] }).items.map((row) => [row.item, row.verdict]))
const kind: Kind | undefined = stream.item('plan:R1').kind
const floats: number[] = stream.criticalPath({ at, calendar }).activities.map((activity) => activity.totalFloatMs)
const outlook: Promise<Outlook> = stream.outlookAsync({ release: 'plan:R1', at, zone: 'UTC' })
const page: string = stream.outlookText({ release: 'plan:R1', at, zone: 'UTC' })
const copy: ValueStream = ValueStream.fromSnapshot(stream.asOf(at, at).snapshot())

const window = { start: at, end: at, zone: 'UTC' }
const columns: Columns<MetricRow> = stream.metricColumns({ metric: 'cycle_time', ...window })
const values: Float64Array = columns.value
const starts: Float64Array = columns.start
const reasons: (string | null)[] = columns.reason
const medians: Float64Array = columns.sample.median
const groups: ((string | null)[] | null)[] = columns.group
const open: Promise<Uint8Array> = stream.metricSamplesColumnsAsync({ metric: 'wip', ...window }).then((samples) => samples.open)

const kept: Promise<ValueStream> = ValueStream.open('portfolio.vsm', { format: 'sqlite', syncEvery: 100, readOnly: false })
const seal: Seal = { number: 1, hash: '' }
const audit: Promise<Audit> = stream.verify(seal)
const signal = new AbortController().signal
const run: Promise<IngestRun> = stream.ingestPath('git', 'git.jsonl', { signal, onProgress: (now) => now.bytes < 1_000 })
const disposed: Promise<void> = stream[Symbol.asyncDispose]()

const end: Date = addWorkingTime(calendar, at, 12 * 3_600_000)
const worked: number = workingTimeBetween(calendar, at, end)
const departure: Date | undefined = nextDeparture({ departure: at, everyDays: 14 }, end)

const network: NetworkQuery = {
  start: at,
  calendars: [{ name: 'office', calendar }],
  calendar: 'office',
  activities: [{ id: 'build', durationMs: 3_600_000 }, { id: 'test', constraint: 'must_start_on', constraintAt: at }],
  dependencies: [{ from: 'build', to: 'test', dependency: 'start_to_start', lagMs: -1, elapsed: true }],
}
const chain: string[] = schedule(network).path
const chains: Promise<CriticalPath> = scheduleAsync(network)
const live: LiveSchedule = new LiveSchedule(network)
const laidOut: Promise<LiveSchedule> = LiveSchedule.createAsync(live.network())
const moved: ScheduleChanges = live.change({ removedActivities: ['test'] })
const finish: Date = live.finish

export function cycle(error: unknown): string[] | undefined {
  const { code, path } = error as VsmError
  // @ts-expect-error: no such code
  if (code === 'circle') return undefined
  return code === 'cycle' ? path : undefined
}

// @ts-expect-error: an activity has an id
live.change({ activities: [{ durationMs: 1 }] })
// @ts-expect-error: no such kind
stream.items('featur')
// @ts-expect-error: an instant is a Date
stream.asOf('2026-03-02', at)
// @ts-expect-error: without a time there is no answer
stream.readiness({ item: 'plan:R1' })
// @ts-expect-error: fields are named in camelCase
stream.apply({ source: 'plan', id: '2', occurred_at: at, item: 'plan:R1' })
// @ts-expect-error: no such column
stream.metricColumns({ metric: 'wip', ...window }).speed
// @ts-expect-error: no such format
ValueStream.open('portfolio.vsm', { format: 'tape' })
// @ts-expect-error: a signal is an AbortSignal
stream.ingestPath('git', 'git.jsonl', { signal: true })
// @ts-expect-error: counts are read, not set
stream.itemCount = 1

export { audit, copy, departure, disposed, fresh, floats, groups, kept, kind, later, medians, open, outlook, page, reasons, run, since, starts, unknown, values, verdicts, worked }
