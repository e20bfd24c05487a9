import type { Kind, Operator } from './monitor.ts'

/** What an assertion's source holds, which tells the operators and values that fit it. */
export type SourceType = 'number' | 'duration' | 'text' | 'flag' | 'list' | 'json'

export interface SourceSpec {
  type: SourceType
  /** The further key that the source needs. */
  needs?: 'name' | 'path'
}

const timed = (...phases: string[]): Record<string, SourceSpec> => ({
  duration: { type: 'duration' },
  ...Object.fromEntries(phases.map((phase) => [`phases.${phase}`, { type: 'duration' as const }])),
})

const certificate: Record<string, SourceSpec> = {
  'certificate.daysRemaining': { type: 'number' },
  'certificate.subject': { type: 'text' },
  'certificate.issuer': { type: 'text' },
  'certificate.sans': { type: 'list' },
  'certificate.fingerprint256': { type: 'text' },
  'certificate.validFrom': { type: 'text' },
  'certificate.validTo': { type: 'text' },
}

const flags = Object.fromEntries(
  ['aa', 'tc', 'rd', 'ra', 'ad', 'cd'].map((flag) => [`flags.${flag}`, { type: 'flag' as const }]),
)

/** The sources that a monitor of each kind can assert on. */
export const sources: Record<Kind, Record<string, SourceSpec>> = {
  http: {
    status: { type: 'number' },
    header: { type: 'text', needs: 'name' },
    body: { type: 'text' },
    json: { type: 'json', needs: 'path' },
    bodyBytes: { type: 'number' },
    decodedBytes: { type: 'number' },
    redirects: { type: 'number' },
    finalUrl: { type: 'text' },
    ip: { type: 'text' },
    httpVersion: { type: 'text' },
    ...timed('resolve', 'connect', 'tls', 'processing', 'transfer'),
    ...certificate,
  },
  tls: {
    ip: { type: 'text' },
    version: { type: 'text' },
    cipher: { type: 'text' },
    ...timed('resolve', 'connect', 'tls'),
    ...certificate,
  },
  tcp: {
    ip: { type: 'text' },
    received: { type: 'text' },
    ...timed('resolve', 'connect', 'tls', 'processing'),
    ...certificate,
  },
  dns: {
    rcode: { type: 'text' },
    answers: { type: 'list' },
    ttl: { type: 'list' },
    serial: { type: 'number' },
    server: { type: 'text' },
    'counts.answers': { type: 'number' },
    'counts.authorities': { type: 'number' },
    'counts.additionals': { type: 'number' },
    ...flags,
    ...timed('resolve', 'connect', 'tls', 'processing'),
  },
}

const ordering: Operator[] = ['lt', 'lte', 'gt', 'gte']
const equality: Operator[] = ['eq', 'neq', 'in', 'exists', 'notExists']
const textual: Operator[] = ['contains', 'notContains', 'matches', 'notMatches']
const sets: Operator[] = ['equals', 'includes']

/** The operators that make sense on a source. Text may hold a number (a header), so it can be ordered too. */
export const operatorsOf: Record<SourceType, readonly Operator[]> = {
  number: [...equality, ...ordering],
  duration: [...equality, ...ordering],
  flag: equality,
  text: [...equality, ...ordering, ...textual, ...sets],
  list: [...equality, ...ordering, ...textual, ...sets],
  json: [...equality, ...ordering, ...textual, ...sets],
}

/** Whether a source is a time, held in milliseconds. */
export function isDuration(source: string): boolean {
  return source === 'duration' || source.startsWith('phases.')
}
