/** `npm run sandbox`: Vedette deployed into an AWS on this machine, beside the demo shop, until Ctrl-C. */
import { untilSignal } from '../../lib/cli/signals.ts'
import { NoPython } from '../support/python.ts'
import { script } from '../support/script.ts'
import { type Sandbox, startSandbox } from './sandbox.ts'
import { adoptShop, liveZone, shopWithFailover } from './shop-failover.ts'
import { votesText } from './votes-text.ts'

const minuteMs = 60_000
/** Schedules fire in the first seconds of a minute here, so late in it there is something to see. */
const lookAtMs = 40_000
const say = (line: string) => console.log(line)

script('Deploys Vedette to an AWS on this machine, beside the demo shop, until Ctrl-C.').parse()
const stop = untilSignal()
let sandbox: Sandbox | undefined
try {
  sandbox = await startSandbox({ port: 4566, say, failovers: { zones: [liveZone], config: shopWithFailover } })
  say('Deploying probe stacks, control stacks and failover stacks …')
  await sandbox.deploy()
  const failover = await adoptShop(sandbox)
  for (const line of whatToLookAt(sandbox, failover)) say(line)
  const timer = everyMinute(() => sayVotes(sandbox as Sandbox))
  await stop.requested
  timer.stop()
  say('Stopping …')
} catch (error) {
  if (!(error instanceof NoPython)) throw error
  console.error(error.message)
  process.exitCode = 2
} finally {
  await sandbox?.stop()
  stop.dispose()
}

function whatToLookAt({ endpoint, demo, config }: Sandbox, failover: string[]): string[] {
  const { vantages, controllers } = config
  const aws = `AWS_ENDPOINT_URL=${endpoint} AWS_ACCESS_KEY_ID=sandbox AWS_SECRET_ACCESS_KEY=sandbox aws`
  return [
    '',
    `Deployed: probes in ${vantages.join(', ')}; alarms in ${controllers.join(', ')}.`,
    `Schedules fire every minute, and every minute this shows how many of how many votes say down, from ${controllers[0]}.`,
    ...demo.instructions,
    ...failover,
    'With the AWS command line, if you have it:',
    `  ${aws} --region ${controllers[0]} cloudwatch list-metrics --namespace Vedette`,
    `  ${aws} --region ${vantages[0]} logs tail /aws/lambda/vedette-shop-probe-${vantages[0]} --follow`,
    'Ctrl-C ends it and leaves nothing behind. The first votes take a minute or two, those of shop-port (every 20s) two more.',
    '',
  ]
}

function everyMinute(look: () => Promise<void>): { stop(): void } {
  let timer: NodeJS.Timeout
  const arm = () => {
    const inMinuteMs = Date.now() % minuteMs
    timer = setTimeout(tick, (lookAtMs - inMinuteMs + minuteMs) % minuteMs || minuteMs)
  }
  const tick = () => {
    look().catch((error) => say(String(error)))
    arm()
  }
  arm()
  return { stop: () => clearTimeout(timer) }
}

/** The newest votes on every monitor: of this minute, or for a loop below a minute of the one before. */
async function sayVotes({ aws, config: { controllers, monitors, vantages } }: Sandbox): Promise<void> {
  const home = controllers[0] ?? ''
  const nowMs = Date.now()
  const newest = async (name: string, dimensions: Record<string, string>) =>
    (await aws.metric(home, name, dimensions, nowMs - 2 * minuteMs)).at(-1)
  const votes = await Promise.all(
    monitors.map(async ({ id }) => {
      return { id: String(id), point: await newest('Down', { Monitor: String(id) }) }
    }),
  )
  const looped = new Set(monitors.filter(({ every }) => /s$/.test(String(every))).map(({ id }) => String(id)))
  const beats = await Promise.all(vantages.map((Vantage) => newest('Heartbeat', { Vantage })))
  const silent = vantages.filter((_, i) => !beats[i])
  for (const line of votesText(votes, looped, nowMs)) say(line)
  if (silent.length > 0) say(`       no sign of life yet from ${silent.join(', ')}`)
}
