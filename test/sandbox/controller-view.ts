import type { ControllerMemory } from '../../lib/act/ports.ts'
import type { AlarmCall, FailoverCall } from '../../lib/decide/failover-asset.ts'
import type { Decision, RefusalCode } from '../../lib/decide/failover-facts.ts'
import { eventually } from './eventually.ts'
import type { FailoverId } from './failover-config.ts'
import type { Sandbox } from './sandbox.ts'

/** What the failover function says of a decision that it made by itself. */
export interface Decided {
  failover: string
  decision?: string
  skipped?: string
  failed?: string
}

/** What a decision is to be, as far as it matters. */
export interface Expected {
  kind: Decision['kind']
  /** Of a refusal. */
  code?: RefusalCode
}

/** A line of a controller's log. */
export interface Logged {
  region: string
  /** ISO 8601. */
  time: string
  [field: string]: unknown
}

/** The failover functions of both controller regions, and what they leave behind. */
export interface ControllerView {
  home: string
  standby: string
  /** Calls a failover function and waits until it has said what came of it. */
  call<Answer>(region: string, call: FailoverCall | AlarmCall): Promise<Answer>
  /** As a vantage calls it when it has confirmed that endpoints are down. */
  trigger(id: FailoverId, region?: string): Promise<Decided | undefined>
  /** Calls it so, as vantages do as long as an outage lasts, until it decides like this. */
  decides(id: FailoverId, expected: Expected, region?: string): Promise<Decision>
  /** What a controller remembers, as its table has it. */
  memory(region: string, id: FailoverId): Promise<Partial<ControllerMemory>>
  /** Makes a controller forget one thing that it remembers. */
  forget(region: string, id: FailoverId, what: keyof ControllerMemory): Promise<void>
  /** What both controllers have logged of a failover under an event's name since then, in the order of time. */
  logged(id: FailoverId, event: string, sinceMs?: number): Promise<Logged[]>
}

/** Of the function and of its table. */
const name = 'vedette-shop-failover'

export function controllerView({ aws, config }: Sandbox): ControllerView {
  const [home = '', standby = ''] = config.controllers
  const call: ControllerView['call'] = (region, call) => aws.invoke(region, name, call)
  const item = (region: string, id: FailoverId, action: string, more: object) =>
    aws.json<{ Item?: Record<string, { S?: string; N?: string }> }>(region, 'dynamodb', `DynamoDB_20120810.${action}`, {
      ...{ TableName: name, Key: { failover: { S: id } } },
      ...more,
    })
  const memory: ControllerView['memory'] = async (region, id) => {
    const { Item = {} } = await item(region, id, 'GetItem', { ConsistentRead: true })
    const entries = Object.entries(Item).flatMap(([key, { S }]) =>
      key.startsWith('json:') && S !== undefined ? [[key.slice('json:'.length), JSON.parse(S)]] : [],
    )
    return { ...Object.fromEntries(entries), largestEpoch: Number(Item.largestEpoch?.N ?? 0) }
  }
  const trigger: ControllerView['trigger'] = async (id, region = home) => {
    const monitors = [`${id}@one`, `${id}@two`]
    const decided = await call<Decided[]>(region, { do: 'trigger', vantage: config.vantages[0] ?? '', monitors })
    return decided[0]
  }
  return {
    ...{ home, standby, call, trigger, memory },
    decides: (id, { kind, code }, region = home) => {
      const sinceMs = Date.now()
      const look = async () => {
        await trigger(id, region)
        const { last } = await memory(region, id)
        if (!last || last.atMs < sinceMs || last.decision.kind !== kind) return undefined
        const isSo = code === undefined || ('code' in last.decision && last.decision.code === code)
        return isSo ? last.decision : undefined
      }
      return eventually(`${region} to decide ${kind} ${code ?? ''} on ${id}`, look, 240_000)
    },
    forget: async (region, id, what) => {
      const ExpressionAttributeNames = { '#what': `json:${what}` }
      await item(region, id, 'UpdateItem', { UpdateExpression: 'REMOVE #what', ExpressionAttributeNames })
    },
    logged: async (id, event, sinceMs = 0) => {
      const lines = await Promise.all(
        [home, standby].map(async (region) =>
          (await aws.logLines(region, `/aws/lambda/${name}`))
            .filter((line) => line.includes(`"event":"${event}"`) && line.includes(`"failover":"${id}"`))
            .map((line): Logged => ({ ...JSON.parse(line), region })),
        ),
      )
      const since = lines.flat().filter(({ time }) => Date.parse(time) >= sinceMs)
      return since.sort((a, b) => a.time.localeCompare(b.time))
    },
  }
}
