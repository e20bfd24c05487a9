import { canonicalName } from '../model/dns-answer.ts'
import type { Failover } from '../model/failover.ts'
import type { Problem } from '../model/problem.ts'
import { endpointIn, type RawRecordSet, relevantSets } from './swap-records.ts'

/** Why a record, as it stands in its zone, cannot be moved safely. */
export interface RecordProblem extends Omit<Problem, 'path'> {
  code:
    | 'WILDCARD'
    | 'APEX_CNAME'
    | 'ROUTING'
    | 'HEALTH_CHECK'
    | 'TRAFFIC_POLICY'
    | 'OTHER_TYPES'
    | 'NO_ANSWER'
    | 'NO_ENDPOINT'
}

/** A problem in words. */
export function problemText({ expected, got, hint }: RecordProblem): string {
  return `expected ${expected}, got ${got}${hint ? ` (${hint})` : ''}`
}

const answerTypes = ['A', 'AAAA', 'CNAME']

/** Everything about a zone's listing, as the API gave it, that forbids to take over a failover's record. */
export function recordProblems(listed: readonly RawRecordSet[], failover: Failover): RecordProblem[] {
  const record = canonicalName(failover.record)
  const here = listed.filter(({ Name }) => canonicalName(Name ?? '') === record)
  return [...nameProblems(record, failover), ...routingProblems(here), ...answerProblems(here, failover)]
}

function nameProblems(record: string, { zone, endpoints }: Failover): RecordProblem[] {
  const problems: RecordProblem[] = []
  // The API writes an asterisk as \052 (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html).
  if (/^(\*|\\052)(\.|$)/.test(record))
    problems.push({ code: 'WILDCARD', expected: 'a name, not a wildcard', got: record })
  // RFC 1034 §3.6.2: no CNAME beside the SOA and NS that every zone has.
  const cname = endpoints.find(({ CNAME }) => CNAME !== undefined)
  if (cname && record === canonicalName(zone)) {
    const expected = 'addresses or an alias, as the record is the apex of its zone'
    problems.push({ code: 'APEX_CNAME', expected, got: `CNAME ${cname.CNAME}` })
  }
  return problems
}

function routingProblems(here: readonly RawRecordSet[]): RecordProblem[] {
  const hint = 'a record with routing of its own is not moved: give it simple routing, or fail over another name'
  return here.flatMap(({ Type, SetIdentifier, HealthCheckId, TrafficPolicyInstanceId }) => {
    const problems: RecordProblem[] = []
    const got = (what: string, id: string) => `${Type} with ${what} ${JSON.stringify(id)}`
    if (SetIdentifier !== undefined)
      problems.push({ code: 'ROUTING', expected: 'simple routing', got: got('set identifier', SetIdentifier), hint })
    if (HealthCheckId !== undefined)
      problems.push({
        code: 'HEALTH_CHECK',
        expected: 'no health check',
        got: got('health check', HealthCheckId),
        hint,
      })
    if (TrafficPolicyInstanceId !== undefined) {
      const found = got('traffic policy instance', TrafficPolicyInstanceId)
      problems.push({ code: 'TRAFFIC_POLICY', expected: 'no traffic policy', got: found, hint })
    }
    return problems
  })
}

function answerProblems(here: readonly RawRecordSet[], failover: Failover): RecordProblem[] {
  const problems: RecordProblem[] = []
  const others = here.map(({ Type }) => Type ?? '').filter((type) => !answerTypes.includes(type))
  if (others.length > 0 && failover.endpoints.some(({ CNAME }) => CNAME !== undefined)) {
    const expected = 'no other types at a name that may become a CNAME (RFC 1034 §3.6.2)'
    problems.push({ code: 'OTHER_TYPES', expected, got: others.join(', ') })
  }
  if (here.length === others.length) {
    const hint = "create the record with its first endpoint's answer"
    problems.push({ code: 'NO_ANSWER', expected: 'A, AAAA or CNAME at the record', got: 'nothing', hint })
  } else if (!endpointIn(relevantSets(here, failover), failover)) {
    const ids = failover.endpoints.map(({ id }) => id).join(', ')
    const hint = 'correct the record or the endpoints, so that one of them is what is served now'
    problems.push({ code: 'NO_ENDPOINT', expected: `the answer of one of ${ids}`, got: shownAnswer(here), hint })
  }
  return problems
}

function shownAnswer(here: readonly RawRecordSet[]): string {
  return here
    .filter(({ Type }) => answerTypes.includes(Type ?? ''))
    .map(({ Type, ResourceRecords, AliasTarget }) => {
      const values = ResourceRecords?.map(({ Value }) => Value) ?? [`alias ${AliasTarget?.DNSName}`]
      return `${Type} ${values.join(', ')}`
    })
    .join('; ')
}
