import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { shortened } from '../decide/plain.ts'
import type { Certificate, Failure, Phases, ProbeResult, Status } from '../model/result.ts'
import { statuses } from './history-schema.ts'

/** What is kept of a result for as long as results are kept. */
export interface StoredResult {
  atMs: number
  status: Status
  /** Milliseconds, to a hundredth. */
  durationMs: number
  attempts: number
  phases: Phases
  failure?: Failure
  facts: Facts
}

/** The parts of what was observed that seldom change and that a history is asked for. */
export type Facts = Record<string, unknown>

const factNames = ['statusCode', 'httpVersion', 'ip', 'version', 'server', 'rcode', 'serial'] as const
const longestMessage = 300
const mostAnswers = 20

/** A result in the form that is kept. */
export function shorten(result: ProbeResult, atMs: number): StoredResult {
  const { status, durationMs, attempts, phases, failure } = result
  return {
    atMs,
    status,
    durationMs,
    attempts,
    phases,
    ...(failure && { failure: { ...failure, message: shortened(failure.message, longestMessage) } }),
    facts: factsOf(result.observed as Record<string, unknown>),
  }
}

function factsOf(observed: Record<string, unknown>): Facts {
  const facts: Facts = {}
  for (const name of factNames) if (observed[name] !== undefined) facts[name] = observed[name]
  // Servers rotate their answers: in order, the same set is stored once.
  if (Array.isArray(observed.answers)) facts.answers = observed.answers.toSorted().slice(0, mostAnswers)
  const certificate = observed.certificate as Certificate | undefined
  return { ...facts, ...(certificate && { certificate: certificate.fingerprint256, validTo: certificate.validTo }) }
}

/** A block's JSON: one list per field, as like compresses best beside like. */
interface Columns {
  /** The first time, then the distance to each next. */
  at: number[]
  status: string
  duration: number[]
  attempts: number[]
  phases: Partial<Record<keyof Phases, (number | null)[]>>
  /** Each distinct [failure, facts] once, and for each result its number. */
  texts: [Failure | null, Facts][]
  text: number[]
}

const phaseNames = ['resolve', 'connect', 'tls', 'processing', 'transfer'] as const

/** Packs the results of one series and hour, sorted by time. */
export function packBlock(results: readonly StoredResult[]): Uint8Array {
  const texts = new Map<string, number>()
  const text = results.map(({ failure, facts }) => {
    const json = JSON.stringify([failure ?? null, facts])
    const known = texts.get(json) ?? texts.size
    texts.set(json, known)
    return known
  })
  const phases: Columns['phases'] = {}
  for (const name of phaseNames) {
    if (!results.some((result) => result.phases[name] !== undefined)) continue
    phases[name] = results.map((result) => toTicks(result.phases[name]))
  }
  const columns: Omit<Columns, 'texts'> = {
    at: results.map(({ atMs }, i) => atMs - (results[i - 1]?.atMs ?? 0)),
    status: results.map(({ status }) => statuses.indexOf(status)).join(''),
    duration: results.map(({ durationMs }) => toTicks(durationMs) ?? 0),
    attempts: results.map(({ attempts }) => attempts),
    phases,
    text,
  }
  const json = JSON.stringify(columns)
  return deflateRawSync(`${json.slice(0, -1)},"texts":[${[...texts.keys()].join(',')}]}`)
}

/** The results of a packed block. */
export function unpackBlock(data: Uint8Array): StoredResult[] {
  const columns = JSON.parse(inflateRawSync(data).toString()) as Columns
  let atMs = 0
  return columns.at.map((distance, i) => {
    atMs += distance
    const [failure, facts] = columns.texts[columns.text[i] ?? 0] ?? [null, {}]
    const phases: Phases = {}
    for (const name of phaseNames) {
      const ticks = columns.phases[name]?.[i]
      if (typeof ticks === 'number') phases[name] = ticks / ticksPerMs
    }
    return {
      atMs,
      status: statuses[Number(columns.status[i])] ?? 'unknown',
      durationMs: (columns.duration[i] ?? 0) / ticksPerMs,
      attempts: columns.attempts[i] ?? 1,
      phases,
      ...(failure && { failure }),
      facts,
    }
  })
}

/** Durations are stored as whole ticks of 10 microseconds. */
export const ticksPerMs = 100

function toTicks(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms * ticksPerMs)
}
