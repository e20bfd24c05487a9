import type { Stack } from 'aws-cdk-lib'
import type { CfnFunction, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import type { LogGroup } from 'aws-cdk-lib/aws-logs'
import { probeNowConcurrency, probeNowTimeoutSeconds } from '../decide/failover-function.ts'
import { ipv6Only } from '../decide/failover-warnings.ts'
import { probeName, probeNowName } from '../decide/names.ts'
import { monitorsOf } from '../decide/plan.ts'
import { type ProbeAsset, type ProbeEvent, probeAssetOf, scheduledTimePlaceholder } from '../decide/probe-asset.ts'
import { probeMemoryMb, timeoutSeconds } from '../decide/probe-function.ts'
import { scheduleExpression } from '../decide/schedule.ts'
import type { Config, Vantage } from '../model/config.ts'
import { addFunction, addLogGroup, reservedFor } from './function.ts'
import { probeFiles, probeNowFiles } from './probe-code.ts'
import { probeNowRole, probeRole } from './probe-role.ts'
import { addSchedules, type FunctionSchedule } from './schedules.ts'
import { codeOf, type Target } from './stack-props.ts'

/** The function that runs a vantage's monitors, and the schedules that call it; gives its log. */
export function addProbeFunction(scope: Stack, config: Config, vantage: Vantage, target: Target): LogGroup {
  const name = probeName(config, vantage.id)
  const logGroup = addLogGroup(scope, 'Logs', name)
  const asset = probeAssetOf(config, vantage)
  const probe = addFunction(scope, 'Probe', {
    ...{ name, logGroup, description: `Runs the monitors of ${config.service} from ${vantage.id}` },
    files: probeFiles(config, vantage, codeOf(target, 'probe')),
    memoryMb: probeMemoryMb,
    timeoutSeconds: timeoutSeconds(asset.shards),
    role: probeRole(scope, config, vantage, logGroup),
  })
  placeInVpc(probe, config, vantage)
  addSchedules(scope, probe, name, schedulesOf(asset))
  return logGroup
}

/** One schedule for each shard, told when it was meant to run. */
function schedulesOf({ shards, place }: ProbeAsset): FunctionSchedule[] {
  return shards.map(({ id, everyMs }) => {
    const event: ProbeEvent = { shard: id, scheduledTime: scheduledTimePlaceholder }
    return { name: id, expression: scheduleExpression(everyMs, place), event }
  })
}

/** The function that probes for decisions of failovers: it shares no concurrency with the schedules. */
export function addProbeNowFunction(scope: Stack, config: Config, vantage: Vantage, target: Target): void {
  const name = probeNowName(config, vantage.id)
  const logGroup = addLogGroup(scope, 'ProbeNowLogs', name)
  const probe = addFunction(scope, 'ProbeNow', {
    ...{ name, logGroup, description: `Probes the endpoints of ${config.service}'s failovers from ${vantage.id}` },
    files: probeNowFiles(config, vantage, codeOf(target, 'probe-now')),
    memoryMb: probeMemoryMb,
    timeoutSeconds: probeNowTimeoutSeconds(config),
    role: probeNowRole(scope, config, vantage, logGroup),
    reserved: reservedFor(config, probeNowConcurrency(config)),
  })
  placeInVpc(probe, config, vantage)
}

/** By ids alone: nothing of the network is looked up at synth. */
function placeInVpc(probe: LambdaFunction, config: Config, vantage: Vantage): void {
  if (vantage.vpcId === undefined) return
  const monitors = monitorsOf(config.monitors, vantage)
  const resource = probe.node.defaultChild as CfnFunction
  resource.vpcConfig = {
    subnetIds: vantage.subnetIds ?? [],
    securityGroupIds: vantage.securityGroupIds ?? [],
    // Refused by Lambda where a subnet has no IPv6, so it is asked for only where nothing else would do.
    ...((monitors.some(({ ipVersion }) => ipVersion === '6') || ipv6Only(config).length > 0) && {
      ipv6AllowedForDualStack: true,
    }),
  }
}
