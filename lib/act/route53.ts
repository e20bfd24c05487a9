import {
  ChangeResourceRecordSetsCommand,
  ListResourceRecordSetsCommand,
  type ResourceRecordSet,
  type Change as Route53Change,
  Route53Client,
} from '@aws-sdk/client-route-53'
import type { Change } from '../decide/swap-batch.ts'
import { type RawRecordSet, rawOf, relevantSets, txtName } from '../decide/swap-records.ts'
import { canonicalName } from '../model/dns-answer.ts'
import type { Failover } from '../model/failover.ts'
import { outcomeOf } from './outcome.ts'
import type { ChangeOutcome, ListOutcome, RecordStore } from './ports.ts'

const callTimeoutMs = 10_000
/** Sets at one name: one of each type, and as many as someone with routing policies may have made of each. */
const mostSetsAtName = 100

/**
 * Records in Route 53. Every call is one attempt: what to do after a lost reply is for the swap's protocol to say, which a
 * retry of the SDK would get in the way of.
 */
export function createRoute53(nowMs: () => number): RecordStore {
  const client = new Route53Client({
    // Its API is global; requests are signed for us-east-1 (https://docs.aws.amazon.com/general/latest/gr/r53.html).
    region: 'us-east-1',
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: 2000,
      requestTimeout: callTimeoutMs,
      throwOnRequestTimeout: true,
      httpsAgent: { keepAlive: false },
      httpAgent: { keepAlive: false },
    },
  })
  return {
    list: async (failover) => {
      try {
        const names = [canonicalName(failover.record), txtName(failover)]
        const listed = await Promise.all(names.map((name) => setsAt(client, failover.hostedZoneId, name)))
        return { kind: 'listed', sets: relevantSets(listed.flat(), failover), atMs: nowMs() }
      } catch (error) {
        return failed(error)
      }
    },
    change: (failover, changes) => change(client, failover, changes),
  }
}

/** Everything at one name: sets are listed in the order of their names, so the name's own come first. */
async function setsAt(client: Route53Client, hostedZoneId: string, name: string): Promise<RawRecordSet[]> {
  const { ResourceRecordSets = [] } = await client.send(
    new ListResourceRecordSetsCommand({
      ...{ HostedZoneId: hostedZoneId, StartRecordName: name, MaxItems: mostSetsAtName },
    }),
    { abortSignal: AbortSignal.timeout(callTimeoutMs) },
  )
  return ResourceRecordSets.filter(({ Name = '' }) => canonicalName(Name) === name)
}

async function change(
  client: Route53Client,
  { hostedZoneId }: Failover,
  changes: readonly Change[],
): Promise<ChangeOutcome> {
  const Changes = changes.map(({ action, set }): Route53Change => {
    return { Action: action, ResourceRecordSet: rawOf(set) as ResourceRecordSet }
  })
  try {
    await client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: hostedZoneId, ChangeBatch: { Changes } }), {
      abortSignal: AbortSignal.timeout(callTimeoutMs),
    })
    return { kind: 'written' }
  } catch (error) {
    if ((error as Error).name === 'InvalidChangeBatch') return { kind: 'refused' }
    return failed(error)
  }
}

/** A zone that is being changed, or an account that asks too often: not carried out (facts of the API's error names). */
const waits = /PriorRequestNotComplete|Throttl|TooManyRequests|RequestLimitExceeded|ServiceUnavailable/

function failed(error: unknown): Exclude<ListOutcome, { kind: 'listed' }> {
  const { name, message } = error as Error
  if (waits.test(name)) return { kind: 'throttled' }
  const outcome = outcomeOf(error)
  if (outcome === 'unknown') return { kind: 'unknown' }
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } }
  // Refused without an answer is a connection that never came to be: it may be tried again.
  return $metadata?.httpStatusCode === undefined || $metadata.httpStatusCode >= 500
    ? { kind: 'throttled' }
    : { kind: 'denied', message: `${name}: ${message}` }
}
