import type { Failover } from '../model/failover.ts'
import type { Denied, Finding, ReadinessFacts, ReadinessProblem } from './readiness-terms.ts'
import { recordProblems } from './swap-first-contact.ts'
import {
  answerIn,
  answerOf,
  differentTtls,
  endpointIn,
  matchesAnswer,
  type RecordSet,
  rawOf,
  stateIn,
} from './swap-records.ts'
import { decodeState, type SwapState } from './swap-state.ts'

/** The longest that users may stay at a dead endpoint after a move (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-failover.html, TTL). */
const longestTtlSeconds = 60

/** What the failover's state is, in its TXT, or in the table of one that moves by health checks; undefined where that is not known. */
export function stateOf({ failover, record, table }: ReadinessFacts): SwapState | undefined {
  if (failover.switch === 'health-check') return decodeState(table?.text ?? '')
  const found = isListed(record) ? stateIn(record.sets, failover) : 'missing'
  return typeof found === 'string' ? undefined : found.state
}

/** Whether the record and its TXT are as a move needs them. */
export function recordFinding({ failover, record }: ReadinessFacts, state: SwapState | undefined): Finding {
  if (record === undefined) return { problems: [], unknown: `what ${failover.record} is: Route 53 gave no answer` }
  if (record === 'unneeded') return { problems: state ? flagProblems(failover, state) : [] }
  if (record.kind === 'denied') return { problems: [notOurs(failover, record)] }
  const { sets, besides = [] } = record
  return {
    problems: [
      ...shapeProblems(failover, { sets, besides, state }),
      ...ttlProblems(failover, sets, state),
      ...txtProblems(failover, sets),
      ...(state ? flagProblems(failover, state) : []),
    ],
  }
}

function isListed(record: ReadinessFacts['record']) {
  return typeof record === 'object' && record.kind === 'listed'
}

function notOurs({ hostedZoneId, zone }: Failover, { message }: Denied): ReadinessProblem {
  const hint = message.startsWith('NoSuchHostedZone')
    ? 'correct "hostedZoneId", or deploy into the account that has the zone'
    : 'deploy the failover stack again, and look for policies that deny it'
  const detail = `Expected to list the records of ${zone} (${hostedZoneId}), got ${message}: ${hint}.`
  return { code: 'ZONE_NOT_OURS', detail }
}

/** What of a record's form stands in the way, and whether it holds what is declared for the active endpoint. */
function shapeProblems(
  failover: Failover,
  {
    sets,
    besides,
    state,
  }: Pick<Extract<ReadinessFacts['record'], { kind: 'listed' }>, 'sets'> & {
    besides: NonNullable<Extract<ReadinessFacts['record'], { kind: 'listed' }>['besides']>
    state: SwapState | undefined
  },
): ReadinessProblem[] {
  const found = recordProblems([...sets.map(rawOf), ...besides], failover)
  const active = failover.endpoints.find(({ id }) => id === state?.active)
  const isEdited = active && !matchesAnswer(answerIn(sets, failover), answerOf(failover, active))
  // That it is the answer of no endpoint is the lesser half of what an edit is.
  const shape = isEdited ? found.filter(({ code }) => code !== 'NO_ENDPOINT' && code !== 'NO_ANSWER') : found
  const problems = shape.map(({ code, expected, got, hint }): ReadinessProblem => {
    return { code, detail: `Expected ${expected}, got ${got}${hint ? `: ${hint}` : ''}.` }
  })
  if (!isEdited || problems.length > 0) return problems
  const detail = `Expected ${failover.record} to be what is declared for ${active.id} (${shown(answerOf(failover, active))}), got ${shown(answerIn(sets, failover))}. Nothing moves until it is: put it back, or correct the config and run \`vedette failover adopt\`.`
  return [{ code: 'EDITED', endpoint: active.id, detail }]
}

function shown(sets: readonly RecordSet[]): string {
  if (sets.length === 0) return 'nothing'
  return sets
    .map(({ type, values, alias }) => `${type} ${alias ? `alias ${alias.dnsName}` : (values ?? []).join(', ')}`)
    .join('; ')
}

function ttlProblems(failover: Failover, sets: readonly RecordSet[], state: SwapState | undefined): ReadinessProblem[] {
  const { record, ttl, endpoints } = failover
  const answer = answerIn(sets, failover)
  const endpoint = endpoints.find(({ id }) => id === state?.active) ?? endpointIn(sets, failover)
  const [other] = endpoint ? differentTtls(answer, answerOf(failover, endpoint)) : []
  const longest = Math.max(0, ...answer.flatMap((set) => (set.alias ? [] : (set.ttl ?? []))))
  const problems: ReadinessProblem[] = []
  if (other !== undefined) {
    const detail = `Expected a TTL of ${ttl} s at ${record}, got ${other} s: correct the one or the other. A move sets it to ${ttl} s.`
    problems.push({ code: 'TTL_DIFFERS', detail })
  }
  if (longest > longestTtlSeconds) {
    const detail = `Expected a TTL of at most ${longestTtlSeconds} s at ${record}, got ${longest} s: for so long users stay at a dead endpoint after a move.`
    problems.push({ code: 'TTL_LONG', detail })
  }
  return problems
}

function txtProblems(failover: Failover, sets: readonly RecordSet[]): ReadinessProblem[] {
  const found = stateIn(sets, failover)
  if (typeof found !== 'string') return []
  const adopt = `Nothing moves until \`vedette failover adopt\` has written it.`
  if (found === 'missing')
    return [{ code: 'TXT_MISSING', detail: `Expected the TXT _vedette.${failover.record}, got none. ${adopt}` }]
  const detail = `Expected the TXT _vedette.${failover.record} as Vedette writes it, got another: somebody edited it. ${adopt}`
  return [{ code: 'TXT_UNREADABLE', detail }]
}

function flagProblems({ endpoints }: Failover, { active, flags }: SwapState): ReadinessProblem[] {
  const problems: ReadinessProblem[] = []
  if (flags.locked)
    problems.push({ code: 'LOCKED', detail: 'It is locked, so nothing moves it; `vedette failover unlock` opens it.' })
  if (flags.latched) {
    const detail = 'It is latched after too many moves in a day; see why, then `vedette failover unlock` opens it.'
    problems.push({ code: 'LATCHED', detail })
  }
  if (!endpoints.some(({ id }) => id === active)) {
    const ids = endpoints.map(({ id }) => id).join(', ')
    const detail = `Expected one of ${ids} to be active, got ${active}: bring it back into the config, or correct the record and run \`vedette failover adopt\`.`
    problems.push({ code: 'ACTIVE_UNKNOWN', detail })
  }
  return problems
}
