import type { ControlRequest } from '../decide/failover-asset.ts'
import type { Decision, Verdict } from '../decide/failover-facts.ts'
import { reasonText } from '../decide/failover-reasons.ts'
import { failoverWarnings } from '../decide/failover-warnings.ts'
import { failoverQuorum } from '../decide/quorum.ts'
import { askEngine } from '../local/control.ts'
import type { Config } from '../model/config.ts'
import { formatDuration } from '../model/duration.ts'
import { addressesOf, endpointMonitorIds } from '../model/endpoint-monitors.ts'
import type { Failover } from '../model/failover.ts'
import type { FailoverStatus } from '../run/failover-status.ts'
import { failoverLines } from './failover-view.ts'
import { loadConfig } from './load-config.ts'
import type { Output } from './output.ts'
import { UsageError } from './usage-error.ts'

export interface FailoverOptions {
  config?: string
  json?: boolean
  socket?: string
}

/** Where a running engine listens for commands, from the folder that it was started in. */
export const defaultSocket = '.vedette/control.sock'

/** `vedette failover status`: every failover of the running engine: exit 0, 1 where one is locked or its active endpoint is down. */
export async function failoverStatus(options: FailoverOptions, output: Output): Promise<number> {
  const all = await ask<FailoverStatus[]>(options, { do: 'status' })
  output.out(options.json ? JSON.stringify({ failovers: all }) : failoverLines(all, Date.now()).join('\n'))
  return all.some(isInTrouble) ? 1 : 0
}

function isInTrouble({ locked, endpoints }: FailoverStatus): boolean {
  const active = endpoints.find((endpoint) => endpoint.active)
  return locked || active === undefined || active.down.length > active.up.length
}

/** `vedette failover to ENDPOINT`: decides anew towards that endpoint: exit 0 moved (or would, in a dry run), 1 refused, with the reasons. */
export async function failoverTo(
  endpoint: string,
  options: FailoverOptions & { failover?: string; approve?: boolean; dryRun?: boolean; reason?: string },
  output: Output,
): Promise<number> {
  const failover = await chosen(options)
  const { approve: approval = false, dryRun = false, reason } = options
  const asked = { do: 'to', failover, endpoint, approval, dryRun, ...(reason && { reason }) } as const
  const decision = await ask<Decision>(options, asked)
  if (options.json) output.out(JSON.stringify(decision))
  else {
    if (dryRun) output.out('dry run: nothing is moved')
    for (const line of decisionLines(decision)) output.out(line)
  }
  return verdictOf(decision).kind === 'move' && decision.kind !== 'report' ? 0 : 1
}

/** `vedette failover lock`, `unlock` and `adopt`: exit 0 when it is done. */
export async function failoverDo(
  what: 'lock' | 'unlock' | 'adopt',
  options: FailoverOptions & { failover?: string },
  output: Output,
): Promise<number> {
  const failover = await chosen(options)
  await ask(options, { do: what, failover })
  const done = { lock: 'locked: nothing moves it', unlock: 'unlocked', adopt: 'adopted as it stands' }[what]
  output.out(`${failover} is ${done}`)
  return 0
}

/** `vedette failover plan`: what each failover of a config would do and need, before anything runs. */
export async function failoverPlan(options: FailoverOptions, output: Output): Promise<number> {
  const config = await loadConfig(options.config)
  if (config.failovers.length === 0) throw new UsageError('the config has no "failovers"')
  const plans = config.failovers.map((failover) => planOf(failover, config))
  output.out(options.json ? JSON.stringify({ failovers: plans }) : plans.map(planText).join('\n\n'))
  return 0
}

function planOf(failover: Failover, { vantages }: Config) {
  const { id, record, ttl, mode, endpoints, sustainMs, cooldownMs, maxPerDay, failback } = failover
  // Embedded, three vantages are simulated where the config has none.
  const places = vantages.length || 3
  const quorum = failoverQuorum(failover.quorum, places)
  const warnings = failoverWarnings(failover, places).map(({ text }) => text)
  return {
    ...{ id, record, ttl, mode, vantages: places, quorum, sustainMs, cooldownMs, maxPerDay, failback, warnings },
    endpoints: endpoints.map((endpoint) => ({
      ...{ id: endpoint.id, region: endpoint.region, lastResort: endpoint.lastResort },
      ...{ addresses: addressesOf(endpoint), monitors: endpointMonitorIds(failover, endpoint) },
    })),
  }
}

function planText(plan: ReturnType<typeof planOf>): string {
  const { id, record, ttl, mode, vantages, quorum, sustainMs, cooldownMs, maxPerDay, endpoints, warnings } = plan
  const rows = endpoints.map(({ id: endpoint, region, addresses, monitors, lastResort }, i) => {
    const role = lastResort ? 'last resort' : i === 0 ? 'primary' : 'standby'
    return `  ${endpoint} (${role}, ${region}): ${addresses.join(', ')}, checked by ${monitors.join(', ')}`
  })
  return [
    `${id}: ${record}, TTL ${ttl} s, mode ${mode}`,
    ...rows,
    `  moves when ${quorum.fail} of ${vantages} vantages see the active endpoint down and ${quorum.pass} the target up, for ${formatDuration(sustainMs)}; blind below ${quorum.voters} votes`,
    `  at most ${maxPerDay} times a day by itself, ${formatDuration(cooldownMs)} before any way back`,
    ...warnings.map((warning) => `  warning: ${warning}`),
  ].join('\n')
}

function decisionLines(decision: Decision): string[] {
  const verdict = verdictOf(decision)
  const head = decision.kind === 'report' ? `in mode ${decision.mode} it would ${verdict.kind}` : verdict.kind
  const to = 'to' in verdict && verdict.to ? ` to ${verdict.to}` : ''
  return [`${head}${to}`, ...decision.reasons.map((reason) => `  ${reasonText(reason)}`)]
}

function verdictOf(decision: Decision): Verdict {
  return decision.kind === 'report' ? decision.would : decision
}

/** The failover that is meant; it need not be named where there is only one. */
async function chosen(options: FailoverOptions & { failover?: string }): Promise<string> {
  if (options.failover !== undefined) return options.failover
  const all = await ask<FailoverStatus[]>(options, { do: 'status' })
  const [only] = all
  if (all.length === 1 && only) return only.id
  throw new UsageError(`name one of ${all.map(({ id }) => id).join(', ')} with --failover`)
}

async function ask<Answer>({ socket = defaultSocket }: FailoverOptions, asked: ControlRequest): Promise<Answer> {
  try {
    return await askEngine<Answer>(socket, asked)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ECONNREFUSED')
      throw new UsageError(
        `no engine with failovers listens at ${socket}: start "vedette run" (or npm start), and ask from the same folder`,
      )
    throw new UsageError(message)
  }
}
