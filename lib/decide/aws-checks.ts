import type { Config } from '../model/config.ts'
import type { SecretRef } from '../model/monitor.ts'
import type { Problem } from '../model/problem.ts'
import { monitorAlarms, mostAlarmResources } from './alarm-shards.ts'
import { certificateAlarm } from './alarms.ts'
import { monitorProblems } from './aws-monitor-checks.ts'
import {
  controllerProblems,
  endpointRegionProblems,
  envProblems,
  problem,
  vantageProblems,
} from './aws-place-checks.ts'
import { failoverAlarmCount } from './failover-alarms.ts'
import { awsFailoverProblems } from './failover-checks.ts'
import { probeName } from './names.ts'
import { allRoutes, routeSecrets } from './notify-config.ts'
import { notifyAlarmCount } from './notify-plan.ts'
import { monitorsOf } from './plan.ts'
import { sum } from './prices.ts'
import { probeAssetOf } from './probe-asset.ts'
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
    ...notifyProblems(config),
  ]
  // What is split into shards, and named, has to make sense first.
  return problems.length > 0 ? problems : assetProblems(config)
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
    const problems: Problem[] = []
    if (megabytes > largestAssetMb)
      problems.push(
        problem(at, `monitors of at most ${largestAssetMb} MB, as a function takes them`, `${Math.ceil(megabytes)} MB`),
      )
    if (asset.shards.length > mostAlarmResources)
      problems.push(
        problem(
          at,
          `at most ${mostAlarmResources} schedules in a stack`,
          `${asset.shards.length} intervals and shards`,
        ),
      )
    const characters = Math.max(
      secretCharacters(secretsOf(monitorsOf(config.monitors, vantage))),
      secretCharacters(secretsOf(failoverMonitors(config))),
    )
    if (characters > mostPolicyCharacters)
      problems.push(
        problem(
          at,
          `secrets whose names fit the ${mostPolicyCharacters} characters that a role's policies may have for them`,
          `${characters}`,
          'let monitors share secrets',
        ),
      )
    return problems
  })
}

/** The inline policies of a role have 10,240 (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html), some of them for the rest. */
const mostPolicyCharacters = 8500
/** An ARN without its name: `"arn:aws:secretsmanager:ap-southeast-1:123456789012:secret:-??????",`, or of a function's log. */
const arnCharacters = 70

function secretCharacters(secrets: readonly { ref: SecretRef }[]): number {
  const names = new Set(secrets.map(({ ref }) => Object.values(ref)[0] as string))
  return sum([...names].map((name) => arnCharacters + name.length))
}

/** What tells people reads the logs of all vantages, and the keys of all routes. */
function notifyProblems(config: Config): Problem[] {
  const routes = allRoutes(config)
  if (routes.length === 0) return []
  const logs = config.vantages.map(({ id }) => arnCharacters + probeName(config, id).length)
  const topics = new Set(routes.flatMap((route) => (route.kind === 'sns' ? [route.topicArn] : [])))
  const topicCharacters = sum([...topics].map((arn) => arn.length + 3))
  const characters = sum(logs) + secretCharacters(routeSecrets(config)) + topicCharacters
  if (characters <= mostPolicyCharacters) return []
  return [
    problem(
      ['routes'],
      `vantages, secrets and topics whose names fit the ${mostPolicyCharacters} characters that the policies of what tells people may have for them`,
      `${characters}`,
      'let routes share secrets, give both shorter names, or split the config in two, each with a "service" of its own',
    ),
  ]
}
