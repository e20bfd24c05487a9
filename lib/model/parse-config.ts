import type { Config, Vantage } from './config.ts'
import { checkConfig, listOf, type Written } from './config-rules.ts'
import { configShape, type FailoverParsed, failoverShape } from './config-schema.ts'
import { endpointMonitors } from './endpoint-monitors.ts'
import type { Failover } from './failover.ts'
import type { Monitor } from './monitor.ts'
import { keysAt, parseMonitor } from './parse-monitor.ts'
import { formatPath, type Problem, shown } from './problem.ts'
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
export function formatProblem({ path, expected, got, hint }: Problem): string {
  return `${path}: expected ${expected}, got ${got}${hint ? ` (${hint})` : ''}`
}

/** Checks a config and completes it with every default. Throws a `ConfigError` that holds all problems at once. */
export function parseConfig(input: unknown): Config {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw new ConfigError([{ path: 'config', expected: 'an object with "service" and "monitors"', got: shown(input) }])
  const given = withoutUndefined(input) as Record<string, unknown>
  const top = configShape.safeParse(given)
  const problems = top.success ? [] : toProblems(top.error.issues, given, [], (path) => keysAt(configShape, path))
  const monitors = listOf(given.monitors).map((monitor, i) => parseMonitor(monitor, ['monitors', i]))
  const failovers = listOf(given.failovers).map((failover, i) => parseFailover(failover, i))
  for (const parsed of [...monitors, ...failovers]) if ('problems' in parsed) problems.push(...parsed.problems)
  const written: Written = {
    input: given,
    monitors: monitors.map((parsed) => ('monitor' in parsed ? parsed.monitor : undefined)),
    failovers: failovers.map((parsed) => ('failover' in parsed ? parsed.failover : undefined)),
  }
  problems.push(...checkConfig(written))
  if (problems.length > 0 || !top.success) throw new ConfigError(problems)
  return complete(top.data, written)
}

function complete(top: (typeof configShape)['_output'], written: Written): Config {
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

function parseFailover(input: unknown, i: number): { failover: FailoverParsed } | { problems: Problem[] } {
  const at = ['failovers', i]
  if (typeof input !== 'object' || input === null)
    return { problems: [{ path: formatPath(at), expected: 'a failover', got: shown(input) }] }
  const parsed = failoverShape.safeParse(input)
  if (parsed.success) return { failover: parsed.data }
  return { problems: toProblems(parsed.error.issues, input, at, (path) => keysAt(failoverShape, path)) }
}

const deepest = 30

/** A key whose value is undefined is a key left out: configs in TypeScript often say so. */
function withoutUndefined(value: unknown, depth = 0): unknown {
  // Nothing in a config is nested this deep but a mistake, or a circle, which the schema then names.
  if (depth > deepest) return undefined
  if (Array.isArray(value)) return value.map((inner) => withoutUndefined(inner, depth + 1))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => [key, withoutUndefined(inner, depth + 1)]),
  )
}
