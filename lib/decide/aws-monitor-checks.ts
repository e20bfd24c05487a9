import type { Config } from '../model/config.ts'
import { formatDuration } from '../model/duration.ts'
import type { Monitor } from '../model/monitor.ts'
import { formatPath, type Problem, shown } from '../model/problem.ts'
import { monitorAlarms, mostAlarmResources, resourcesOf } from './alarm-shards.ts'
import { downAlarm, longestRunbook, lookBackSeconds } from './alarms.ts'
import { limitAlarm, regressionAlarm } from './latency-alarms.ts'
import { literalRouteSecrets, routeSecrets } from './notify-config.ts'
import { invocationMs, longestTimeoutMs } from './probe-function.ts'
import { intervalProblem } from './schedule.ts'
import { literalSecretsOf, secretsOf } from './secrets.ts'
import { worstCaseMs } from './sharding.ts'

/** What AWS would refuse of the monitors of a config, with their places in it. */
export function monitorProblems(config: Config): Problem[] {
  return [
    ...config.monitors.flatMap((monitor, i) => [
      ...timingProblems(monitor, i),
      ...alarmProblems(monitor, i, config),
      ...latencyProblems(monitor, i, config),
      ...runbookProblems(monitor, i),
      ...maintenanceProblems(monitor, i, config),
      ...keyProblems(monitor, i, config),
    ]),
    ...secretProblems(config),
    ...literalProblems(config),
  ]
}

function timingProblems(monitor: Monitor, i: number): Problem[] {
  const { everyMs } = monitor
  const expected = intervalProblem(everyMs)
  if (expected) return [{ path: formatPath(['monitors', i, 'every']), expected, got: formatDuration(everyMs) }]
  const neededMs = invocationMs({ everyMs, worstCaseMs: worstCaseMs(monitor) })
  if (neededMs <= longestTimeoutMs) return []
  return [
    {
      path: formatPath(['monitors', i, 'timeout']),
      expected: `all attempts, and what a start takes, within the ${formatDuration(longestTimeoutMs)} of a Lambda function`,
      got: formatDuration(neededMs),
    },
  ]
}

function alarmProblems(monitor: Monitor, i: number, config: Config): Problem[] {
  // An interval that is none of CloudWatch's periods has been told of already.
  if (intervalProblem(monitor.everyMs)) return []
  const { periodSeconds, of } = downAlarm(monitor, config)
  const most = lookBackSeconds(periodSeconds)
  if (periodSeconds * of <= most) return []
  return [
    {
      path: formatPath(['monitors', i, 'thresholds']),
      expected: `runs within ${formatDuration(most * 1000)}, as far back as CloudWatch looks`,
      got: `${of} × ${formatDuration(periodSeconds * 1000)} = ${formatDuration(periodSeconds * of * 1000)}`,
    },
  ]
}

function latencyProblems(monitor: Monitor, i: number, config: Config): Problem[] {
  const { latency, metrics, everyMs } = monitor
  if (!latency || intervalProblem(everyMs)) return []
  const at = ['monitors', i]
  if (!metrics.duration)
    return [
      {
        path: formatPath([...at, 'metrics', 'duration']),
        expected: 'true in AWS, as "latency" is judged on the metric Duration',
        got: 'false',
        hint: 'it costs one metric more: see vedette cost',
      },
    ]
  return [limitAlarm(monitor, config), regressionAlarm(monitor, config)].flatMap((alarm): Problem[] => {
    if (!alarm || alarm.periodSeconds * alarm.of <= lookBackSeconds(alarm.periodSeconds)) return []
    const most = formatDuration(lookBackSeconds(alarm.periodSeconds) * 1000)
    return [
      {
        path: formatPath([...at, 'latency']),
        expected: `runs enough for its percentiles within ${most}, as far back as CloudWatch looks`,
        got: formatDuration(alarm.periodSeconds * alarm.of * 1000),
        hint: 'run it more often, or leave "p99" out',
      },
    ]
  })
}

function runbookProblems({ runbook }: Monitor, i: number): Problem[] {
  if (runbook === undefined || runbook.length <= longestRunbook) return []
  const expected = `a URL of at most ${longestRunbook} characters: it ends the description of an alarm`
  return [{ path: formatPath(['monitors', i, 'runbook']), expected, got: `${runbook.length}` }]
}

function maintenanceProblems(monitor: Monitor, i: number, config: Config): Problem[] {
  const at = ['monitors', i, 'maintenance']
  const problems = monitor.maintenance.flatMap((window, k): Problem[] => {
    if (!('timeZone' in window) || /^[A-Za-z]/.test(window.timeZone)) return []
    const expected = 'the name of a time zone: mute rules take no offset'
    return [{ path: formatPath([...at, k, 'timeZone']), expected, got: shown(window.timeZone) }]
  })
  const resources = resourcesOf(monitorAlarms(monitor, config, true))
  if (resources > mostAlarmResources)
    problems.push({
      path: formatPath(at),
      expected: `at most ${mostAlarmResources} alarms and mute rules for one monitor`,
      got: `${resources}`,
    })
  return problems
}

function keyProblems({ tls }: Monitor, i: number, { allow }: Config): Problem[] {
  if (!tls.keyFile || allow['key-in-asset'] !== undefined) return []
  return [
    {
      path: formatPath(['monitors', i, 'tls', 'keyFile']),
      expected: "no private key in AWS: it would lie, readable, in the bucket of the CDK's assets",
      got: shown(tls.keyFile),
      hint: 'use a key that opens nothing else, and "allow": { "key-in-asset": reason }',
    },
  ]
}

function literalProblems(config: Config): Problem[] {
  if (config.allow['secret-in-asset'] !== undefined) return []
  const inMonitors = literalSecretsOf(config.monitors).map((at) => ['monitors', ...at])
  const inRoutes = literalRouteSecrets(config).map((at) => ['routes', ...at])
  return [...inMonitors, ...inRoutes].map((at) => ({
    path: formatPath(at),
    expected: "a reference to a secret in AWS: a text would lie, readable, in the bucket of the CDK's assets",
    got: 'a text',
    hint: 'use { "secret": name } or { "ssm": name }; for one that opens nothing, "allow": { "secret-in-asset": reason }',
  }))
}

/** Names in their own words: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html */
const secretName = /^[A-Za-z0-9/_+=.@-]{1,512}$/
/** https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html */
const parameterName = /^(?:[A-Za-z0-9_.-]+|\/[A-Za-z0-9_.-]+(?:\/[A-Za-z0-9_.-]+)*)$/
const longestParameterName = 1011

function secretProblems(config: Config): Problem[] {
  const inMonitors = secretsOf(config.monitors).map(({ ref, at }) => ({ ref, at: ['monitors', ...at] }))
  const inRoutes = routeSecrets(config).map(({ ref, at }) => ({ ref, at: ['routes', ...at] }))
  return [...inMonitors, ...inRoutes].flatMap(({ ref, at }): Problem[] => {
    const path = formatPath(at)
    if ('env' in ref)
      return [
        {
          path,
          expected: 'a secret or ssm reference in AWS, where the environment of a function can be read by many',
          got: shown(ref),
          hint: `use { "secret": name } or { "ssm": name }`,
        },
      ]
    const hint = 'a name, not an ARN: it is read in the region of each function'
    if ('secret' in ref && !secretName.test(ref.secret))
      return [{ path, expected: 'the name of a secret in Secrets Manager', got: shown(ref.secret), hint }]
    if ('ssm' in ref && (!parameterName.test(ref.ssm) || ref.ssm.length > longestParameterName))
      return [{ path, expected: 'the name of a parameter in Parameter Store', got: shown(ref.ssm), hint }]
    return []
  })
}
