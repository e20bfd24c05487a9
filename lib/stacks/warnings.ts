import { Annotations, type Stack } from 'aws-cdk-lib'
import { pairsOf } from '../decide/budget.ts'
import { failoverWarnings, ipv6Only } from '../decide/failover-warnings.ts'
import type { Config, Vantage } from '../model/config.ts'
import { isLoopback, splitHostPort } from '../model/host-port.ts'
import type { Monitor } from '../model/monitor.ts'

/** Warns of what can be deployed but will hardly work from a function in AWS. */
export function warnOfTargets(stack: Stack, monitors: readonly Monitor[], vantage: Vantage): void {
  const local = monitors.filter((monitor) => hostsOf(monitor).some(isLoopback)).map(({ id }) => id)
  if (local.length > 0)
    Annotations.of(stack).addWarningV2(
      'vedette:loopback',
      `From ${vantage.id}, ${list(local)} would look at the probe function itself: the target is this machine (localhost).`,
    )
  const ipv6 = monitors.filter(({ ipVersion }) => ipVersion === '6').map(({ id }) => id)
  if (ipv6.length > 0 && vantage.vpcId === undefined)
    Annotations.of(stack).addWarningV2(
      'vedette:ipv6',
      `From ${vantage.id}, ${list(ipv6)} will be UNSUPPORTED: a function has IPv6 only in dual-stack subnets of a VPC ("vpcId").`,
    )
}

/** Warns of failovers that can be deployed, and that an operator should have meant like this. */
export function warnOfFailovers(stack: Stack, config: Config): void {
  const { failovers, vantages, monitors } = config
  for (const failover of failovers) {
    for (const { rule, text } of failoverWarnings(failover, vantages.length, monitors))
      Annotations.of(stack).addWarningV2(`vedette:failover-${rule}`, `Failover ${failover.id}: ${text}.`)
    if (failover.mode === 'observe')
      Annotations.of(stack).addInfoV2(
        'vedette:observe',
        `Failover ${failover.id} is in mode "observe": it measures and reports, and moves nothing.`,
      )
  }
  const outside = vantages.filter(({ vpcId }) => vpcId === undefined).map(({ id }) => id)
  const endpoints = ipv6Only(config)
  if (endpoints.length > 0 && outside.length > 0)
    Annotations.of(stack).addWarningV2(
      'vedette:failover-ipv6',
      `${list(endpoints)} will have no vote from ${list(outside)}: a function has IPv6 only in dual-stack subnets of a VPC ("vpcId").`,
    )
}

/** Warns of promises that nothing alerts on. */
export function warnOfObjectives(stack: Stack, monitors: readonly Monitor[]): void {
  const mute = monitors.filter(({ slo, everyMs }) => slo && pairsOf(slo, everyMs).length === 0).map(({ id }) => id)
  if (mute.length > 0)
    Annotations.of(stack).addWarningV2(
      'vedette:slo',
      `Nothing alerts on the error budget of ${list(mute)}: it runs too seldom, or promises too little, for any pair of windows.`,
    )
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
