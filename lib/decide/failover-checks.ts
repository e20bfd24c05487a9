import type { Config } from '../model/config.ts'
import { formatDuration } from '../model/duration.ts'
import type { Failover } from '../model/failover.ts'
import { formatPath, type Problem, shown } from '../model/problem.ts'
import { mostAlarmResources } from './alarm-shards.ts'
import { longestVotesMs, probeNowTimeoutSeconds } from './failover-function.ts'
import { failoverName, probeNowName } from './names.ts'
import { longestFunctionName, longestTimeoutMs } from './probe-function.ts'
import { mostPolicies, mostPolicyCharacters, recordPolicies, zoneArn } from './record-policies.ts'
import { minuteMs } from './schedule.ts'
import { roomProblem } from './swap-state.ts'

type Path = readonly PropertyKey[]

/** What is wrong with failovers wherever they run: a day's moves that their TXT could not count. */
export function failoverProblems({ failovers }: Pick<Config, 'failovers'>): Problem[] {
  return failovers.flatMap((failover, i) => {
    const room = roomProblem(failover)
    return room ? [{ path: formatPath(['failovers', i, 'maxPerDay']), ...room }] : []
  })
}

/** What AWS would refuse of the failovers of a config, with their places in it. */
export function awsFailoverProblems(config: Config): Problem[] {
  if (config.failovers.length === 0) return []
  return [
    ...nameProblems(config),
    ...config.failovers.flatMap((failover, i) => [
      ...zoneIdProblems(failover, ['failovers', i]),
      ...hookProblems(failover, ['failovers', i, 'hooks']),
      ...sustainProblems(failover, ['failovers', i, 'sustain']),
    ]),
    ...timeoutProblems(config),
    ...policyProblems(config),
    ...countProblems(config),
  ]
}

function nameProblems(config: Config): Problem[] {
  const name = failoverName(config)
  if (name.length <= longestFunctionName) return []
  const expected = `a function name of at most ${longestFunctionName} characters`
  return [{ path: 'service', expected, got: `${shown(name)} (${name.length})`, hint: 'shorten "service" or "env"' }]
}

/** As Route 53 gives them (https://docs.aws.amazon.com/Route53/latest/APIReference/API_HostedZone.html). A policy is made of them. */
const zoneId = /^[A-Z0-9]{1,32}$/

function zoneIdProblems({ hostedZoneId, endpoints }: Failover, at: Path): Problem[] {
  const ids: [Path, string][] = [
    [[...at, 'hostedZoneId'], hostedZoneId],
    ...endpoints.flatMap(({ alias }, k): [Path, string][] =>
      alias ? [[[...at, 'endpoints', k, 'alias', 'hostedZoneId'], alias.hostedZoneId]] : [],
    ),
  ]
  return ids
    .filter(([, id]) => !zoneId.test(id))
    .map(([path, id]) => ({
      path: formatPath(path),
      expected: 'the id of a hosted zone, such as "Z1D633PJN98FT9"',
      got: shown(id),
    }))
}

/** https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
const functionArn =
  /^arn:aws:lambda:[a-z]{2}(-[a-z]+)+-\d:\d{12}:function:[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9$_-]{1,128})?$/

function hookProblems({ hooks }: Failover, at: Path): Problem[] {
  return (['before', 'after'] as const).flatMap((key): Problem[] => {
    const hook = hooks[key]
    if (!hook || ('lambda' in hook && functionArn.test(hook.lambda))) return []
    if ('command' in hook)
      return [
        {
          path: formatPath([...at, key, 'command']),
          expected: '"lambda" in AWS, where there is no machine to run a command on',
          got: 'a command',
          hint: 'let a function do it: { "lambda": arn }',
        },
      ]
    return [
      {
        path: formatPath([...at, key, 'lambda']),
        expected: 'the ARN of a function, such as "arn:aws:lambda:us-west-2:123456789012:function:promote"',
        got: shown(hook.lambda),
      },
    ]
  })
}

/** A standby waits as long as home needs, then decides itself, and both have to see their records served. */
const longestSustainMs = 5 * minuteMs

function sustainProblems({ sustainMs }: Failover, path: Path): Problem[] {
  if (sustainMs <= longestSustainMs) return []
  const whole = formatDuration(longestTimeoutMs)
  const expected = `at most ${formatDuration(longestSustainMs)} in AWS: a decision, and what it waits for, fits the ${whole} of a function`
  return [{ path: formatPath(path), expected, got: formatDuration(sustainMs) }]
}

function timeoutProblems(config: Config): Problem[] {
  const neededMs = probeNowTimeoutSeconds(config) * 1000
  if (neededMs <= longestTimeoutMs) return []
  const slowest = config.failovers.findIndex(
    (failover) => longestVotesMs({ ...config, failovers: [failover] }) === longestVotesMs(config),
  )
  return [
    {
      path: formatPath(['failovers', slowest, 'check']),
      expected: `a monitor of which two attempts, and what a start takes, fit the ${formatDuration(longestTimeoutMs)} of a function`,
      got: formatDuration(neededMs),
      hint: 'shorten its "timeout"',
    },
  ]
}

function policyProblems(config: Config): Problem[] {
  const problems: Problem[] = []
  const policies = recordPolicies(config.failovers).length
  if (policies > mostPolicies && config.allow['policy-quota'] === undefined)
    problems.push({
      path: 'failovers',
      expected: `records whose names fit the ${mostPolicies} policies of ${mostPolicyCharacters} characters that a role may have attached`,
      got: `${policies} policies`,
      hint: 'split the config in two, each with a "service" of its own; or, with a raised quota, "allow": { "policy-quota": reason }',
    })
  const characters = inlineCharacters(config)
  if (characters > mostInlineCharacters)
    problems.push({
      path: 'failovers',
      expected: `vantages, zones and hooks whose ARNs fit the ${mostInlineCharacters} characters that a role's own policies may have for them`,
      got: `${characters}`,
      hint: 'split the config in two, each with a "service" of its own',
    })
  return problems
}

/** The inline policies of a role have 10,240 (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html), some of them for the rest. */
const mostInlineCharacters = 8000
/** An ARN without its name: `"arn:aws:lambda:ap-southeast-1:123456789012:function:",`. */
const arnCharacters = 55

function inlineCharacters(config: Config): number {
  const { vantages, failovers } = config
  const names = vantages.map(({ id }) => arnCharacters + probeNowName(config, id).length)
  const zones = new Set(failovers.map(({ hostedZoneId }) => zoneArn(hostedZoneId)))
  const hooks = new Set(failovers.flatMap(({ hooks: { before, after } }) => [before, after].flatMap(lambdaOf)))
  return [...names, ...[...zones, ...hooks].map((arn) => arn.length + 3)].reduce((sum, length) => sum + length, 0)
}

function lambdaOf(hook: Failover['hooks']['before']): string[] {
  return hook && 'lambda' in hook ? [hook.lambda] : []
}

/** Alarms, function, table, schedule, roles and policies of a controller region that are there whatever the failovers. */
const fixedResources = 30
/** Checks and record sets of one failover: one check a controller and one over them, and two sets an endpoint at most. */
const setsOf = 4
/** Of an account, unless it is raised (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html). */
const healthCheckQuota = 200

/** What counts beyond what a stack or an account may have. */
function countProblems({ failovers, controllers, allow }: Config): Problem[] {
  const byCheck = failovers.filter((failover) => failover.switch === 'health-check').length
  const checks = byCheck * (controllers.length + 1)
  const problems: Problem[] = []
  const add = (expected: string, got: number, hint: string) =>
    problems.push({ path: 'failovers', expected, got: `${got}`, hint })
  const split = 'split the config in two, each with a "service" of its own'
  const most = mostAlarmResources - fixedResources
  if (failovers.length + byCheck > most)
    add(`at most ${most} alarms on failovers in a stack`, failovers.length + byCheck, split)
  const resources = checks + byCheck * setsOf
  if (resources > mostAlarmResources)
    add(`at most ${mostAlarmResources} health checks and records in a stack`, resources, split)
  if (checks > healthCheckQuota && allow['health-check-quota'] === undefined)
    add(
      `at most ${healthCheckQuota} health checks, the quota of an account`,
      checks,
      'with a raised quota: "allow": { "health-check-quota": reason }',
    )
  return problems
}
