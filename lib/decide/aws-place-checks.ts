import type { Config, Vantage } from '../model/config.ts'
import { didYouMean, formatPath, type Problem, shown } from '../model/problem.ts'
import { regions } from '../model/regions.ts'
import { probeName, probeNowName } from './names.ts'
import { monitorsOf } from './plan.ts'
import { longestFunctionName } from './probe-function.ts'

/** A problem at a path. */
export function problem(path: readonly PropertyKey[], expected: string, got: string, hint?: string): Problem {
  return { path: formatPath(path), expected, got, ...(hint && { hint }) }
}

/**
 * Stack names take letters, digits and hyphens only
 * (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-using-console-create-stack-parameters.html).
 */
const stackWord = /^[A-Za-z0-9-]+$/
const inStackName = 'letters, digits and "-" only: it becomes part of the names of stacks'

/** What is wrong with the name of the environment. */
export function envProblems({ env }: Config): Problem[] {
  return env === undefined || stackWord.test(env) ? [] : [problem(['env'], inStackName, shown(env))]
}

/** What is wrong with a vantage, as AWS takes it. */
export function vantageProblems(config: Config, vantage: Vantage, i: number): Problem[] {
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
  const twin = config.failovers.length > 0 && config.vantages.find((other) => isTwin(vantage, other, config))
  if (twin)
    problems.push(
      problem(
        [...at, 'id'],
        `another id than "now-" and that of the vantage ${shown(twin.id)}: both would have a function ${shown(probeName(config, id))}`,
        shown(id),
      ),
    )
  problems.push(...regionProblems(config, region, id === region ? at : [...at, 'region']))
  problems.push(...networkProblems(vantage, at))
  if (monitorsOf(config.monitors, vantage).length === 0)
    problems.push(problem(at, 'at least one monitor that runs here', 'none', 'leave the vantage out'))
  return problems
}

/** Whether the function that runs a vantage's monitors has the name of the one that probes for decisions at another. */
function isTwin(vantage: Vantage, other: Vantage, config: Config): boolean {
  return vantage.region === other.region && probeName(config, vantage.id) === probeNowName(config, other.id)
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

/** What is wrong with the controllers, and what would go down with what they are to move. */
export function controllerProblems(config: Config): Problem[] {
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
export function endpointRegionProblems(config: Config): Problem[] {
  return config.failovers.flatMap(({ endpoints }, i) =>
    endpoints.flatMap(({ region }, k) =>
      region === 'external' ? [] : regionProblems(config, region, ['failovers', i, 'endpoints', k, 'region']),
    ),
  )
}
