import type { Config, Vantage } from '../model/config.ts'
import type { Monitor } from '../model/monitor.ts'
import { didYouMean, formatPath, type Problem, shown } from '../model/problem.ts'
import { regions } from '../model/regions.ts'
import { monitorAlarms, mostAlarmResources } from './alarm-shards.ts'
import { certificateAlarm } from './alarms.ts'
import { monitorProblems } from './aws-monitor-checks.ts'
import { failoverAlarmCount } from './failover-alarms.ts'
import { awsFailoverProblems } from './failover-checks.ts'
import { probeName, probeNowName } from './names.ts'
import { notifyAlarmCount } from './notify-plan.ts'
import { monitorsOf } from './plan.ts'
import { probeAssetOf } from './probe-asset.ts'
import { longestFunctionName } from './probe-function.ts'
import { failoverMonitors } from './probe-now.ts'
import { secretsOf } from './secrets.ts'

/** What AWS would refuse of a config, or what would defeat its purpose there: everything at once, before anything is deployed. */
export function awsProblems(config: Config): Problem[] {
  const problems = [
    ...envProblems(config),
    ...config.vantages.flatMap((vantage, i) => vantageProblems(config, vantage, i)),
    ...controllerProblems(config),
    ...endpointRegionProblems(config),
    ...monitorProblems(config),
    ...awsFailoverProblems(config),
    ...quotaProblems(config),
  ]
  // What is split into shards, and named, has to make sense first.
  return problems.length > 0 ? problems : assetProblems(config)
}

function problem(path: readonly PropertyKey[], expected: string, got: string, hint?: string): Problem {
  return { path: formatPath(path), expected, got, ...(hint && { hint }) }
}

/**
 * Stack names take letters, digits and hyphens only
 * (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-using-console-create-stack-parameters.html).
 */
const stackWord = /^[A-Za-z0-9-]+$/
const inStackName = 'letters, digits and "-" only: it becomes part of the names of stacks'

function envProblems({ env }: Config): Problem[] {
  return env === undefined || stackWord.test(env) ? [] : [problem(['env'], inStackName, shown(env))]
}

function vantageProblems(config: Config, vantage: Vantage, i: number): Problem[] {
  const at = ['vantages', i]
  const { id, region } = vantage
  const problems: Problem[] = []
  if (!stackWord.test(id)) problems.push(problem(id === region ? at : [...at, 'id'], inStackName, shown(id)))
  // The longest that is made of it.
  const name = config.failovers.length > 0 ? probeNowName(config, id) : probeName(config, id)
  if (name.length > longestFunctionName)
    problems.push(
      problem(
        at,
        `a function name of at most ${longestFunctionName} characters`,
        `${shown(name)} (${name.length})`,
        'shorten "service", "env" or the id of the vantage',
      ),
    )
  problems.push(...regionProblems(config, region, id === region ? at : [...at, 'region']))
  problems.push(...networkProblems(vantage, at))
  if (monitorsOf(config.monitors, vantage).length === 0)
    problems.push(problem(at, 'at least one monitor that runs here', 'none', 'leave the vantage out'))
  return problems
}

function regionProblems({ allow }: Config, region: string, at: PropertyKey[]): Problem[] {
  if ((regions as readonly string[]).includes(region) || allow['unknown-region'] !== undefined) return []
  const hint = didYouMean(region, regions) ?? `if it is new: "allow": { "unknown-region": reason }`
  return [problem(at, 'an AWS region', shown(region), hint)]
}

/** Ids have 8 or 17 hexadecimal digits (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html). */
const isId = (id: string, kind: string) => new RegExp(`^${kind}-([0-9a-f]{8}|[0-9a-f]{17})$`).test(id)

/** Of each at most so many (https://docs.aws.amazon.com/lambda/latest/api/API_VpcConfig.html). */
const network = [
  { key: 'subnetIds', kind: 'subnet', most: 16 },
  { key: 'securityGroupIds', kind: 'sg', most: 5 },
] as const

function networkProblems({ vpcId, ...vantage }: Vantage, at: PropertyKey[]): Problem[] {
  const given = network.filter(({ key }) => vantage[key]?.length)
  if (vpcId === undefined) return given.map(({ key }) => problem([...at, 'vpcId'], `the VPC of "${key}"`, 'nothing'))
  const wrongVpc = isId(vpcId, 'vpc')
    ? []
    : [problem([...at, 'vpcId'], 'an id such as "vpc-0123456789abcdef0"', shown(vpcId))]
  return [
    ...wrongVpc,
    ...network.flatMap(({ key, kind, most }): Problem[] => {
      const ids = vantage[key] ?? []
      const path = [...at, key]
      if (ids.length < 1 || ids.length > most)
        return [problem(path, `1 to ${most} ids, as "vpcId" is given`, `${ids.length}`)]
      return ids.flatMap((id, k) =>
        isId(id, kind) ? [] : [problem([...path, k], `an id such as "${kind}-0123456789abcdef0"`, shown(id))],
      )
    }),
  ]
}

function controllerProblems(config: Config): Problem[] {
  const { controllers, failovers, allow } = config
  if (controllers.length === 0)
    return [
      problem(
        ['controllers'],
        'at least one region that results are gathered in',
        'none',
        'two that are neither us-east-1 nor where your service runs, such as ["us-west-2", "eu-central-1"]',
      ),
    ]
  return controllers.flatMap((region, i) => {
    const at = ['controllers', i]
    const primaryOf = failovers.find(({ endpoints }) => endpoints[0]?.region === region)
    const standbyOf = failovers.find(({ endpoints }) => endpoints.slice(1).some((standby) => standby.region === region))
    const problems = regionProblems(config, region, at)
    if (primaryOf && allow['controller-in-primary-region'] === undefined)
      problems.push(
        problem(
          at,
          `a region other than that of the primary endpoint of failover ${shown(primaryOf.id)}`,
          shown(region),
          'it would go down with what it is to move; or "allow": { "controller-in-primary-region": reason }',
        ),
      )
    else if (!primaryOf && standbyOf && allow['controller-in-endpoint-region'] === undefined)
      problems.push(
        problem(
          at,
          `a region other than those of the endpoints of failover ${shown(standbyOf.id)}`,
          shown(region),
          'it would go down with what it may have to leave; or "allow": { "controller-in-endpoint-region": reason }',
        ),
      )
    if (region === 'us-east-1' && failovers.length > 0 && allow['controller-in-us-east-1'] === undefined)
      problems.push(
        problem(
          at,
          'a region other than us-east-1, where the control plane of Route 53 is',
          shown(region),
          'or "allow": { "controller-in-us-east-1": reason }',
        ),
      )
    return problems
  })
}

/** A region that is mistyped would hide that a controller is in it. */
function endpointRegionProblems(config: Config): Problem[] {
  return config.failovers.flatMap(({ endpoints }, i) =>
    endpoints.flatMap(({ region }, k) =>
      region === 'external' ? [] : regionProblems(config, region, ['failovers', i, 'endpoints', k, 'region']),
    ),
  )
}

/** Of an account in one region, unless it is raised (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html). */
const alarmQuota = 5000

function quotaProblems(config: Config): Problem[] {
  const { vantages, controllers, monitors, allow } = config
  const fixed = vantages.length + (certificateAlarm(config) ? 1 : 0)
  const problems = controllers.flatMap((region, i): Problem[] => {
    const errors = vantages.filter((vantage) => vantage.region === region).length
    const own = monitors.map((monitor) => monitorAlarms(monitor, config, i === 0))
    const shared = fixed + errors + failoverAlarmCount(config) + notifyAlarmCount(config)
    const alarms = own.reduce((sum, one) => sum + one.alarms.length + one.composites.length, shared)
    if (alarms <= alarmQuota || allow['alarm-quota'] !== undefined) return []
    return [
      problem(
        ['controllers', i],
        `at most ${alarmQuota} alarms in ${region}, the quota of an account`,
        `${alarms}`,
        'with a raised quota: "allow": { "alarm-quota": reason }',
      ),
    ]
  })
  if (fixed > mostAlarmResources)
    problems.push(problem(['vantages'], `at most ${mostAlarmResources - 1} vantages`, `${vantages.length}`))
  return problems
}

/** A function and its files unzipped (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html), and room for its code. */
const largestAssetMb = 250 - 10

function assetProblems(config: Config): Problem[] {
  return config.vantages.flatMap((vantage, i) => {
    const at = ['vantages', i]
    const asset = probeAssetOf(config, vantage)
    const megabytes = JSON.stringify(asset).length / 1e6
    const policy = Math.max(
      policyCharacters(monitorsOf(config.monitors, vantage)),
      policyCharacters(failoverMonitors(config)),
    )
    return [
      ...(megabytes > largestAssetMb
        ? [
            problem(
              at,
              `monitors of at most ${largestAssetMb} MB, as a function takes them`,
              `${Math.ceil(megabytes)} MB`,
            ),
          ]
        : []),
      ...(asset.shards.length > mostAlarmResources
        ? [
            problem(
              at,
              `at most ${mostAlarmResources} schedules in a stack`,
              `${asset.shards.length} intervals and shards`,
            ),
          ]
        : []),
      ...(policy > mostPolicyCharacters
        ? [
            problem(
              at,
              `secrets whose names fit the ${mostPolicyCharacters} characters that a role's policies may have for them`,
              `${policy}`,
              'let monitors share secrets',
            ),
          ]
        : []),
    ]
  })
}

/** The inline policies of a role have 10,240 (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html), some of them for the rest. */
const mostPolicyCharacters = 8500
/** An ARN without its name: `"arn:aws:secretsmanager:ap-southeast-1:123456789012:secret:-??????",`. */
const arnCharacters = 70

function policyCharacters(monitors: readonly Monitor[]): number {
  const refs = secretsOf(monitors).map(({ ref }) => Object.values(ref)[0] as string)
  return [...new Set(refs)].reduce((sum, name) => sum + arnCharacters + name.length, 0)
}
