import { Resolver } from 'node:dns/promises'
import type { ControllerMemory } from '../../lib/act/ports.ts'
import type { AlarmCall, FailoverCall } from '../../lib/decide/failover-asset.ts'
import type { Decision, RefusalCode } from '../../lib/decide/failover-facts.ts'
import { decodeState, type SwapState } from '../../lib/decide/swap-state.ts'
import { eventually } from './eventually.ts'
import {
  drillZone,
  type EndpointId,
  endpointAddresses,
  type FailoverId,
  failoverConfig,
  failoverIds,
  liveZone,
  recordOf,
  zoneOf,
} from './failover-config.ts'
import { type Origin, type Origins, startOrigins } from './origins.ts'
import { type Sandbox, startSandbox } from './sandbox.ts'
import { listenToTopics, type Told } from './told.ts'

/** What the failover function says of a decision that it made by itself. */
export interface Decided {
  failover: string
  decision?: string
  skipped?: string
  failed?: string
}

/** A line of a controller's log. */
export interface Logged {
  region: string
  /** ISO 8601. */
  time: string
  [field: string]: unknown
}

/** What a decision is to be, as far as it matters. */
export interface Expected {
  kind: Decision['kind']
  /** Of a refusal. */
  code?: RefusalCode
}

/** Failovers deployed into a sandbox, with origins to kill and everything that people and tests look at. */
export interface Stage {
  sandbox: Sandbox
  told: Told
  /** The controllers' regions. */
  home: string
  standby: string
  origin(id: FailoverId, endpoint: EndpointId): Origin
  /** Calls a failover function and waits until it has said what came of it. */
  call<Answer>(region: string, call: FailoverCall | AlarmCall): Promise<Answer>
  /** As a vantage calls it when it has confirmed that endpoints are down. */
  trigger(id: FailoverId, region?: string): Promise<Decided | undefined>
  /** Calls it so, as vantages do as long as an outage lasts, until it decides like this. */
  decides(id: FailoverId, expected: Expected, region?: string): Promise<Decision>
  /** What the TXT says. */
  state(id: FailoverId): Promise<SwapState>
  /** What the record holds, in Route 53. */
  answer(id: FailoverId): Promise<string[]>
  /** What the record's name servers answer. */
  served(id: FailoverId): Promise<string[]>
  /** What a controller remembers, as its table has it. */
  memory(region: string, id: FailoverId): Promise<Partial<ControllerMemory>>
  /** Makes a controller forget one thing that it remembers. */
  forget(region: string, id: FailoverId, what: keyof ControllerMemory): Promise<void>
  /** What both controllers have logged of a failover under an event's name since then, in the order of time. */
  logged(id: FailoverId, event: string, sinceMs?: number): Promise<Logged[]>
  /** All origins up, the first endpoint in the record, and a first TXT beside it. */
  reset(id: FailoverId): Promise<void>
  /** Puts another address into a record, as a person would: without asking. */
  edit(id: FailoverId, address: string): Promise<void>
  /** Deletes the TXT of a failover, as a person would. */
  deleteTxt(id: FailoverId): Promise<void>
  /** Waits until a failover's TXT is like this. */
  until(id: FailoverId, isSo: (state: SwapState) => boolean, what: string, withinMs?: number): Promise<SwapState>
  stop(): Promise<void>
}

const functionName = 'vedette-shop-failover'
const addresses = Object.values(endpointAddresses)

export async function startStage(): Promise<Stage> {
  const origins = {} as Record<FailoverId, Origins>
  for (const id of failoverIds) origins[id] = await startOrigins(addresses)
  const ports = Object.fromEntries(failoverIds.map((id) => [id, origins[id].port])) as Record<FailoverId, number>
  const sandbox = await startSandbox({
    failovers: { zones: [liveZone, drillZone], config: (ground) => failoverConfig(ground, ports) },
  })
  const stop = async () => {
    await sandbox.stop()
    for (const id of failoverIds) await origins[id].stop()
  }
  try {
    await sandbox.deploy()
    await deleteDownAlarms(sandbox)
    const told = await listenToTopics(sandbox)
    const stage = { ...stageOf(sandbox, origins), sandbox, told, stop }
    for (const id of failoverIds) if (id !== 'check') await stage.reset(id)
    return stage
  } catch (error) {
    await stop()
    throw error
  }
}

function stageOf(sandbox: Sandbox, origins: Record<FailoverId, Origins>): Omit<Stage, 'sandbox' | 'told' | 'stop'> {
  const { aws, zones, config, dns } = sandbox
  const [home = '', standby = ''] = config.controllers
  const resolver = new Resolver({ timeout: 2000, tries: 2 })
  resolver.setServers([`127.0.0.1:${dns?.port}`])
  const zoneId = (id: FailoverId) => sandbox.zoneIds[zoneOf(id)] ?? ''
  const setsAt = async (id: FailoverId, name: string, type: string) =>
    (await zones.list(zoneId(id))).filter((set) => set.Name === `${name}.` && set.Type === type)
  const call: Stage['call'] = (region, call) => aws.invoke(region, functionName, call)
  const origin: Stage['origin'] = (id, endpoint) => origins[id].at(endpointAddresses[endpoint])
  const state = async (id: FailoverId): Promise<SwapState> => {
    const [set] = await setsAt(id, `_vedette.${recordOf(id)}`, 'TXT')
    const text = set?.ResourceRecords?.[0]?.Value?.slice(1, -1) ?? ''
    const found = decodeState(text)
    if (!found) throw new Error(`expected the TXT of ${id} to hold a state, got ${JSON.stringify(text)}`)
    return found
  }
  const edit: Stage['edit'] = async (id, address) => {
    const ResourceRecords = [{ Value: address }]
    await zones.change(zoneId(id), 'UPSERT', { Name: `${recordOf(id)}.`, Type: 'A', TTL: 5, ResourceRecords })
  }
  const deleteTxt: Stage['deleteTxt'] = async (id) => {
    for (const set of await setsAt(id, `_vedette.${recordOf(id)}`, 'TXT')) await zones.change(zoneId(id), 'DELETE', set)
  }
  const item = (region: string, id: FailoverId, action: string, more: object) =>
    aws.json<{ Item?: Record<string, { S?: string; N?: string }> }>(region, 'dynamodb', `DynamoDB_20120810.${action}`, {
      ...{ TableName: functionName, Key: { failover: { S: id } } },
      ...more,
    })
  const memory: Stage['memory'] = async (region, id) => {
    const { Item = {} } = await item(region, id, 'GetItem', { ConsistentRead: true })
    const entries = Object.entries(Item).flatMap(([key, { S }]) =>
      key.startsWith('json:') && S !== undefined ? [[key.slice('json:'.length), JSON.parse(S)]] : [],
    )
    return { ...Object.fromEntries(entries), largestEpoch: Number(Item.largestEpoch?.N ?? 0) }
  }
  const trigger: Stage['trigger'] = async (id, region = home) => {
    const monitors = [`${id}@one`, `${id}@two`]
    const decided = await call<Decided[]>(region, { do: 'trigger', vantage: config.vantages[0] ?? '', monitors })
    return decided[0]
  }
  const decides: Stage['decides'] = (id, { kind, code }, region = home) => {
    const sinceMs = Date.now()
    return eventually(
      `${region} to decide ${kind} ${code ?? ''} on ${id}`,
      async () => {
        await trigger(id, region)
        const { last } = await memory(region, id)
        if (!last || last.atMs < sinceMs || last.decision.kind !== kind) return undefined
        return code === undefined || ('code' in last.decision && last.decision.code === code)
          ? last.decision
          : undefined
      },
      90_000,
    )
  }
  return {
    ...{ home, standby, origin, call, trigger, decides, state, edit, deleteTxt, memory },
    answer: async (id) =>
      (await setsAt(id, recordOf(id), 'A')).flatMap((set) =>
        (set.ResourceRecords ?? []).map(({ Value = '' }) => Value),
      ),
    served: (id) => resolver.resolve4(recordOf(id)),
    forget: async (region, id, what) => {
      const ExpressionAttributeNames = { '#what': `json:${what}` }
      await item(region, id, 'UpdateItem', { UpdateExpression: 'REMOVE #what', ExpressionAttributeNames })
    },
    logged: async (id, event, sinceMs = 0) => {
      const lines = await Promise.all(
        [home, standby].map(async (region) => {
          const all = await aws.logLines(region, `/aws/lambda/${functionName}`)
          return all
            .filter((line) => line.includes(`"event":"${event}"`) && line.includes(`"failover":"${id}"`))
            .map((line): Logged => ({ ...JSON.parse(line), region }))
        }),
      )
      const since = lines.flat().filter(({ time }) => Date.parse(time) >= sinceMs)
      return since.sort((a, b) => a.time.localeCompare(b.time))
    },
    reset: async (id) => {
      for (const endpoint of Object.keys(endpointAddresses)) await origin(id, endpoint as EndpointId).mend()
      await deleteTxt(id)
      await edit(id, endpointAddresses.one)
      const adopt = () => call(home, { do: 'adopt', failover: id }).then(...([() => true, () => undefined] as const))
      await eventually(`${id} to be adopted`, adopt, 60_000)
    },
    until: (id, isSo, what, withinMs = 60_000) =>
      eventually(
        what,
        async () => {
          const found = await state(id)
          return isSo(found) ? found : undefined
        },
        withinMs,
      ),
  }
}

/** The sandbox's alarms add up every monitor's votes: one outage would open them all, and have all failovers decided on. */
async function deleteDownAlarms({ aws, config }: Sandbox): Promise<void> {
  const call = <Answer>(region: string, action: string, body: object) =>
    aws.json<Answer>(region, 'monitoring', `GraniteServiceVersion20100801.${action}`, body)
  for (const region of config.controllers) {
    const { MetricAlarms } = await call<{ MetricAlarms: { AlarmName: string }[] }>(region, 'DescribeAlarms', {})
    const AlarmNames = MetricAlarms.map(({ AlarmName }) => AlarmName).filter((name) => name.endsWith('-down'))
    await call(region, 'DeleteAlarms', { AlarmNames })
  }
}

/** Stops every schedule from firing; what runs already goes on. */
export async function switchOffSchedules({ aws, config }: Sandbox): Promise<void> {
  interface Schedule {
    Name: string
    GroupName: string
  }
  for (const region of [...config.vantages, ...config.controllers]) {
    const { Schedules } = await aws.rest<{ Schedules: Schedule[] }>(region, 'scheduler', 'GET', '/schedules')
    for (const { Name, GroupName } of Schedules) {
      const path = `/schedules/${Name}?groupName=${GroupName}`
      const schedule = await aws.rest<Schedule>(region, 'scheduler', 'GET', path)
      await aws.rest(region, 'scheduler', 'PUT', `/schedules/${Name}`, { ...schedule, State: 'DISABLED' })
    }
  }
}

/** Has a function refuse every call (`false`), or take them again. */
export async function setCallable({ aws }: Sandbox, region: string, name: string, callable: boolean): Promise<void> {
  const path = `/2017-10-31/functions/${name}/concurrency`
  if (callable) await aws.rest(region, 'lambda', 'DELETE', path)
  else await aws.rest(region, 'lambda', 'PUT', path, { ReservedConcurrentExecutions: 0 })
}

/** Has the next call of a function find no container that remembers anything. */
export async function startCold({ aws }: Sandbox, region: string, name: string): Promise<void> {
  const change = { Description: `Started cold at ${new Date().toISOString()}` }
  await aws.rest(region, 'lambda', 'PUT', `/2015-03-31/functions/${name}/configuration`, change)
}
