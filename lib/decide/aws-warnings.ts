import type { Config, Vantage } from '../model/config.ts'
import { isLoopback, splitHostPort } from '../model/host-port.ts'
import type { Monitor } from '../model/monitor.ts'
import { pairsOf } from './budget.ts'
import { failoverWarnings, ipv6Only } from './failover-warnings.ts'
import { monitorsOf } from './plan.ts'

/** Something that can be deployed, and that an operator should have meant. */
export interface AwsWarning {
  /** Stable: what the CDK acknowledges it by. */
  rule: string
  text: string
}

/** What `cdk synth` warns of, before it: everything but what the CDK's own checks find. */
export function awsWarnings(config: Config): AwsWarning[] {
  return [
    ...config.vantages.flatMap((vantage) => targetWarnings(monitorsOf(config.monitors, vantage), vantage)),
    ...failoverDeployWarnings(config),
    ...objectiveWarnings(config.monitors),
  ]
}

/** Targets that will hardly work from a function in AWS. */
export function targetWarnings(monitors: readonly Monitor[], vantage: Vantage): AwsWarning[] {
  const warnings: AwsWarning[] = []
  const local = monitors.filter((monitor) => hostsOf(monitor).some(isLoopback)).map(({ id }) => id)
  if (local.length > 0)
    warnings.push({
      rule: 'loopback',
      text: `From ${vantage.id}, ${list(local)} would look at the probe function itself: the target is this machine (localhost).`,
    })
  const ipv6 = monitors.filter(({ ipVersion }) => ipVersion === '6').map(({ id }) => id)
  if (ipv6.length > 0 && vantage.vpcId === undefined)
    warnings.push({
      rule: 'ipv6',
      text: `From ${vantage.id}, ${list(ipv6)} will be UNSUPPORTED: a function has IPv6 only in dual-stack subnets of a VPC ("vpcId").`,
    })
  return warnings
}

/** Failovers that can be deployed, and that an operator should have meant like this. */
export function failoverDeployWarnings(config: Config): AwsWarning[] {
  const { failovers, vantages, monitors } = config
  const warnings = failovers.flatMap((failover) =>
    failoverWarnings(failover, vantages.length, monitors).map(({ rule, text }) => ({
      rule: `failover-${rule}`,
      text: `Failover ${failover.id}: ${text}.`,
    })),
  )
  const outside = vantages.filter(({ vpcId }) => vpcId === undefined).map(({ id }) => id)
  const endpoints = ipv6Only(config)
  if (endpoints.length === 0 || outside.length === 0) return warnings
  const text = `${list(endpoints)} will have no vote from ${list(outside)}: a function has IPv6 only in dual-stack subnets of a VPC ("vpcId").`
  return [...warnings, { rule: 'failover-ipv6', text }]
}

/** Promises that nothing alerts on. */
export function objectiveWarnings(monitors: readonly Monitor[]): AwsWarning[] {
  const mute = monitors.filter(({ slo, everyMs }) => slo && pairsOf(slo, everyMs).length === 0).map(({ id }) => id)
  if (mute.length === 0) return []
  const text = `Nothing alerts on the error budget of ${list(mute)}: it runs too seldom, or promises too little, for any pair of windows.`
  return [{ rule: 'slo', text }]
}

function hostsOf(monitor: Monitor): string[] {
  const dialled = 'connectTo' in monitor && monitor.connectTo ? [hostOf(monitor.connectTo)] : undefined
  if (monitor.kind === 'http') return dialled ?? [new URL(monitor.url).hostname]
  if (monitor.kind === 'dns') return monitor.servers.map(hostOf)
  return dialled ?? [monitor.host]
}

function hostOf(hostPort: string): string {
  return splitHostPort(hostPort)?.host ?? hostPort
}

function list(ids: readonly string[]): string {
  const shown = ids.slice(0, 10).join(', ')
  return ids.length > 10 ? `${shown} and ${ids.length - 10} more` : shown
}
