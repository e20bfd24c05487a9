import type { Config, Vantage } from './config.ts'
import { checkConfig, listOf, type Written } from './config-rules.ts'
import { configShape, type FailoverParsed } from './config-schema.ts'
import { endpointMonitors } from './endpoint-monitors.ts'
import type { Failover } from './failover.ts'
import type { Monitor } from './monitor.ts'
import { parseFailover } from './parse-failover.ts'
import { keysAt, parseMonitor } from './parse-monitor.ts'
import { parseRest } from './parse-rest.ts'
import { type Problem, shown, unlessTold } from './problem.ts'
import { completeNotify, completeRoutes } from './route-schema.ts'
import { toProblems } from './zod-problems.ts'

/** A config that cannot be used, with everything that is wrong with it. */
export class ConfigError extends Error {
  readonly problems: Problem[]

  constructor(problems: Problem[]) {
    super(problems.map(formatProblem).join('\n'))
    this.problems = problems
  }
}

/** A problem in one line. */
export function formatProblem({ path, of, expected, got, hint }: Problem): string {
  return `${path}: expected ${expected}, got ${got}${hint ? ` (${hint})` : ''}${of === undefined ? '' : ` · in ${shown(of)}`}`
}

/** Checks a config and completes it with every default. Throws a `ConfigError` that holds all problems at once. */
export function parseConfig(input: unknown): Config {
  const { config, problems } = readConfig(input)
  if (!config || problems.length > 0) throw new ConfigError(problems)
  return config
}

/** A config, and everything that is wrong with it. */
export interface ConfigRead {
  /** Where there are problems, with stand-ins in the places of what is wrong, so that more can be checked at once. */
  config?: Config
  problems: Problem[]
}

/** Reads a config whatever is wrong with it; rules between its parts are checked even where some of them are wrong. */
export function readConfig(input: unknown): ConfigRead {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    return { problems: [{ path: 'config', expected: 'an object with "service" and "monitors"', got: shown(input) }] }
  const given = withoutUndefined(input) as Record<string, unknown>
  const { top, problems } = readTop(given)
  const monitors = listOf(given.monitors).map((monitor, i) => parseMonitor(monitor, ['monitors', i]))
  const failovers = listOf(given.failovers).map((failover, i) => parseFailover(failover, i))
  for (const read of [...monitors, ...failovers]) problems.push(...read.problems)
  const written: Written = {
    input: given,
    monitors: monitors.map(({ monitor }) => monitor),
    failovers: failovers.map(({ failover }) => failover),
  }
  problems.push(...unlessTold(checkConfig(written), problems))
  // Of a config without any monitor there is no more to say.
  const isWhole = top !== undefined && monitors.length > 0 && !written.monitors.includes(undefined)
  return { problems, ...(isWhole && { config: complete(top, written) }) }
}

type Top = (typeof configShape)['_output']

/** All but the monitors and failovers; without what is wrong in it. */
function readTop(given: Record<string, unknown>): { top?: Top; problems: Problem[] } {
  const parsed = configShape.safeParse(given)
  if (parsed.success) return { top: parsed.data, problems: [] }
  const { issues } = parsed.error
  const problems = toProblems(issues, given, [], (path) => keysAt(configShape, path))
  const top = parseRest(configShape, given, issues, (right) => ({ service: 'stand-in', monitors: [{}], ...right }))
  return { problems, ...(top && { top }) }
}

function complete(top: Top, written: Written): Config {
  const { $schema: _, vantages, maxConcurrent, routes, notify, ...rest } = top
  const failovers = written.failovers.flatMap((failover) => (failover ? [completeFailover(failover)] : []))
  const monitors = written.monitors
    .filter((monitor): monitor is Monitor => monitor !== undefined)
    .map((monitor) => ({ ...(rest.resolver && { resolver: rest.resolver }), ...monitor }))
  return {
    ...rest,
    vantages: vantages.map((vantage): Vantage => {
      if (typeof vantage === 'string') return { id: vantage, region: vantage, selfCheck: rest.selfCheck }
      return { ...vantage, region: vantage.region ?? vantage.id, selfCheck: vantage.selfCheck ?? rest.selfCheck }
    }),
    monitors: [...monitors, ...endpointMonitors(failovers, monitors)],
    failovers,
    routes: completeRoutes(routes),
    notify: completeNotify(notify),
    maxConcurrent: maxConcurrent ?? Math.max(2, Math.floor(failovers.length / 4)),
  }
}

function completeFailover({ sustain, cooldown, failback, drill, ...rest }: FailoverParsed): Failover {
  return {
    ...rest,
    sustainMs: sustain,
    cooldownMs: cooldown,
    failback: failback === 'manual' ? failback : { afterMs: failback.after },
    ...(drill && { drill: { everyMs: drill.every } }),
  }
}

const deepest = 30

/** A key whose value is undefined is a key left out: configs in TypeScript often say so. */
function withoutUndefined(value: unknown, depth = 0): unknown {
  // Nothing in a config is nested this deep but a mistake, or a circle, which the schema then names.
  if (depth > deepest) return undefined
  // A list with a hole, as two commas make it, has nothing there.
  if (Array.isArray(value)) return Array.from(value, (inner) => withoutUndefined(inner, depth + 1))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => [key, withoutUndefined(inner, depth + 1)]),
  )
}
