import { App, type AppProps, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import { monitorAlarms, shardAlarms } from '../decide/alarm-shards.ts'
import type { Config } from '../model/config.ts'
import { AlarmsStack } from './alarms-stack.ts'
import { ControlStack } from './control-stack.ts'
import { ProbeStack } from './probe-stack.ts'
import type { Target } from './stack-props.ts'

/** An app for the stacks, with what the CDK's command line said: `app.node.tryGetContext('config')`. */
export function createApp(props: AppProps = {}): App {
  const app = new App({ ...props, autoSynth: false })
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
  return app
}

/**
 * Adds the stacks of a config: one a vantage, and for each controller region one that holds what is common and as many as
 * its alarms need. No stack refers to one of another region, so that a region's outage holds up no other's deployment.
 */
export function addStacks(app: App, config: Config, target: Target): void {
  for (const vantage of config.vantages) new ProbeStack(app, config, vantage, target)
  for (const [i, region] of config.controllers.entries()) {
    const control = new ControlStack(app, config, region, target)
    const stacks = new Map<string, AlarmsStack>()
    const monitors = config.monitors.map((monitor) => monitorAlarms(monitor, config, i === 0))
    for (const shard of shardAlarms(monitors)) {
      const stack = new AlarmsStack(app, config, region, shard, target)
      stack.addStackDependency(control, 'its alarms publish to the topics there')
      const origin = shard.from === undefined ? undefined : stacks.get(shard.from)
      if (origin) stack.addStackDependency(origin, 'alarms that moved from there have to be gone there first')
      stacks.set(shard.id, stack)
    }
  }
}
