import { App, type AppProps, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import { monitorAlarms, shardAlarms } from '../decide/alarm-shards.ts'
import type { Config } from '../model/config.ts'
import { AlarmsStack } from './alarms-stack.ts'
import { ControlStack } from './control-stack.ts'
import { FailoverStack } from './failover-stack.ts'
import { ProbeStack } from './probe-stack.ts'
import { byHealthCheck, RecordsStack } from './records-stack.ts'
import type { Target } from './stack-props.ts'

/** An app for the stacks, with what the CDK's command line said: `app.node.tryGetContext('config')`. */
export function createApp(props: AppProps = {}): App {
  const app = new App({ ...props, autoSynth: false })
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
  return app
}

/**
 * Adds the stacks of a config: one a vantage, and for each controller region one that holds what is common, one that decides
 * on failovers if there are any, and as many as its alarms need. No stack refers to one of another region, so that a region's
 * outage holds up no other's deployment; only the records of failovers that move by health checks wait for both.
 */
export function addStacks(app: App, config: Config, target: Target): void {
  for (const vantage of config.vantages) new ProbeStack(app, config, vantage, target)
  const deciders = config.controllers.flatMap((region) => addController(app, config, region, target))
  const [home] = config.controllers
  if (home === undefined || byHealthCheck(config).length === 0) return
  const records = new RecordsStack(app, config, home, target)
  for (const decider of deciders) records.addStackDependency(decider, 'its health checks look through the alarms there')
}

/** The stacks of a controller region; gives the one that decides on failovers. */
function addController(app: App, config: Config, region: string, target: Target): FailoverStack[] {
  const control = new ControlStack(app, config, region, target)
  const deciders = config.failovers.length > 0 ? [new FailoverStack(app, config, region, target)] : []
  for (const decider of deciders) decider.addStackDependency(control, 'its alarms publish to the topics there')
  const stacks = new Map<string, AlarmsStack>()
  const isHome = region === config.controllers[0]
  const monitors = config.monitors.map((monitor) => monitorAlarms(monitor, config, isHome))
  for (const shard of shardAlarms(monitors)) {
    const stack = new AlarmsStack(app, config, region, shard, target)
    stack.addStackDependency(control, 'its alarms publish to the topics there')
    for (const decider of deciders) stack.addStackDependency(decider, 'its alarms call the function there')
    const origin = shard.from === undefined ? undefined : stacks.get(shard.from)
    if (origin) stack.addStackDependency(origin, 'alarms that moved from there have to be gone there first')
    stacks.set(shard.id, stack)
  }
  return deciders
}
