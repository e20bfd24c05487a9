import type { DnsMonitor } from '../model/monitor.ts'
import type { FailureCode } from '../model/result.ts'
import type { Followed } from './dns-chain.ts'
import type { Question } from './dns-message.ts'
import { ProbeFailure } from './probe.ts'

const rcodeFailures: Record<string, FailureCode> = {
  NXDOMAIN: 'DNS_NXDOMAIN',
  SERVFAIL: 'DNS_SERVFAIL',
  REFUSED: 'DNS_REFUSED',
}

/** Why an answer is not the one of a name that has records of the asked type; undefined where it is. */
export function judgeAnswer(followed: Followed, question: Question, server: string): ProbeFailure | undefined {
  const { rcode, answers, target, fault } = followed
  if (fault) return new ProbeFailure('DNS_NODATA', 'processing', `${server}: ${fault}`)
  const via = target === question.name ? '' : `, where ${question.name} points by CNAME`
  const got = `for ${target} ${question.type}${via}`
  if (rcode !== 'NOERROR')
    return new ProbeFailure(
      rcodeFailures[rcode] ?? 'DNS_RCODE',
      'processing',
      `expected NOERROR ${got}, got ${rcode} from ${server}`,
    )
  if (answers.length > 0) return undefined
  return new ProbeFailure('DNS_NODATA', 'processing', `expected records ${got}, got NOERROR with none from ${server}`)
}

/**
 * The judgement that holds where a monitor does not make its own: NOERROR with answers. Asserting `rcode` replaces it;
 * asserting `answers` leaves a missing name or record to that assertion, but no server that fails to answer.
 * CNAMEs without an end are a fault whatever is expected.
 */
export function judgeForMonitor(
  monitor: DnsMonitor,
  followed: Followed,
  question: Question,
  server: string,
): ProbeFailure | undefined {
  const failure = judgeAnswer(followed, question, server)
  if (!failure || followed.fault) return failure
  const asserts = (source: string) => monitor.expect.some((assertion) => assertion.source === source)
  if (asserts('rcode')) return undefined
  return asserts('answers') && isAbsence(failure) ? undefined : failure
}

/** Whether a failure only says that there is no such name or record. */
export function isAbsence(error: unknown): boolean {
  return error instanceof ProbeFailure && (error.code === 'DNS_NXDOMAIN' || error.code === 'DNS_NODATA')
}
