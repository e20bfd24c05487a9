import {
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  GetHostedZoneCommand,
  ListResourceRecordSetsCommand,
  type ResourceRecordSet,
  type Change as Route53Change,
  Route53Client,
} from '@aws-sdk/client-route-53'
import type { Change } from '../decide/swap-batch.ts'
import { type RawRecordSet, rawOf, relevantSets, setsBeside, txtName } from '../decide/swap-records.ts'
import { canonicalName } from '../model/dns-answer.ts'
import type { Failover } from '../model/failover.ts'
import { outcomeOf } from './outcome.ts'
import type { ChangeOutcome, ListOutcome, RecordStore, ZoneOutcome } from './ports.ts'

const callTimeoutMs = 10_000
/** Of a name and what follows it: enough for all types, and as many as routing policies may have made of each. */
const mostListed = 100

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
        const all = await listBoth(client, failover)
        return { kind: 'listed', sets: relevantSets(all, failover), besides: setsBeside(all, failover), atMs: nowMs() }
      } catch (error) {
        return failed(error)
      }
    },
    change: (failover, changes) => change(client, failover, changes),
    isInSync: (changeId) => isInSync(client, changeId),
    zone: (failover) => describe(client, failover),
  }
}

/** https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetChange.html */
async function isInSync(client: Route53Client, changeId: string): Promise<boolean | undefined> {
  try {
    const { ChangeInfo } = await client.send(new GetChangeCommand({ Id: changeId }), limit())
    return ChangeInfo?.Status === 'INSYNC'
  } catch {
    return undefined
  }
}

/** https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHostedZone.html */
async function describe(client: Route53Client, { hostedZoneId }: Failover): Promise<ZoneOutcome> {
  try {
    const { HostedZone, DelegationSet } = await client.send(new GetHostedZoneCommand({ Id: hostedZoneId }), limit())
    return {
      kind: 'zone',
      name: canonicalName(HostedZone?.Name ?? ''),
      isPrivate: HostedZone?.Config?.PrivateZone ?? false,
      nameServers: (DelegationSet?.NameServers ?? []).map(canonicalName),
    }
  } catch (error) {
    return failed(error)
  }
}

function limit() {
  return { abortSignal: AbortSignal.timeout(callTimeoutMs) }
}

/**
 * What is at the record and at its TXT's name, in one call where that shows both: two calls could straddle a change. Names
 * are listed in the order of their labels from the last on, so what is below a record follows it.
 */
async function listBoth(client: Route53Client, { hostedZoneId, ...failover }: Failover): Promise<RawRecordSet[]> {
  const [record, txt] = [canonicalName(failover.record), txtName(failover)]
  const sets = await listFrom(client, hostedZoneId, record)
  const isAt = (name: string) => (set: RawRecordSet) => canonicalName(set.Name ?? '') === name
  const texts = sets.filter(isAt(txt))
  const more = texts.length > 0 ? texts : (await listFrom(client, hostedZoneId, txt)).filter(isAt(txt))
  return [...sets.filter(isAt(record)), ...more]
}

async function listFrom(client: Route53Client, hostedZoneId: string, name: string): Promise<RawRecordSet[]> {
  const { ResourceRecordSets = [] } = await client.send(
    new ListResourceRecordSetsCommand({
      ...{ HostedZoneId: hostedZoneId, StartRecordName: name, MaxItems: mostListed },
    }),
    limit(),
  )
  return ResourceRecordSets
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
    const command = new ChangeResourceRecordSetsCommand({ HostedZoneId: hostedZoneId, ChangeBatch: { Changes } })
    const { ChangeInfo } = await client.send(command, limit())
    return { kind: 'written', ...(ChangeInfo?.Id && { changeId: ChangeInfo.Id }) }
  } catch (error) {
    if ((error as Error).name === 'InvalidChangeBatch') return { kind: 'refused' }
    return failed(error)
  }
}

/**
 * A zone that is being changed, or an account that asks too often: not carried out
 * (https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html, errors).
 */
const waits = /PriorRequestNotComplete|Throttl|TooManyRequests|RequestLimitExceeded/

function failed(error: unknown): Exclude<ListOutcome, { kind: 'listed' }> {
  const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } }
  const said = { message: `${name}: ${message}` }
  const status = $metadata?.httpStatusCode
  if (waits.test(name) || status === 429) return { kind: 'throttled', ...said }
  // Only what was answered with a refusal, or never sent, is certain not to have happened.
  if (status === undefined) return { kind: outcomeOf(error) === 'refused' ? 'throttled' : 'unknown', ...said }
  return { kind: status >= 500 ? 'unknown' : 'denied', ...said }
}
