/** `npm run sandbox`: Vedette deployed into an AWS on this machine, beside the demo shop, until Ctrl-C. */
import { untilSignal } from '../../lib/cli/signals.ts'
import { NoPython } from '../support/python.ts'
import { type Sandbox, startSandbox } from './sandbox.ts'

const minuteMs = 60_000
const say = (line: string) => console.log(line)

const stop = untilSignal()
let sandbox: Sandbox | undefined
try {
  sandbox = await startSandbox({ port: 4566, say })
  say('Deploying probe stacks and control stacks …')
  await sandbox.deploy()
  for (const line of whatToLookAt(sandbox)) say(line)
  const timer = setInterval(() => void sayVotes(sandbox as Sandbox).catch((error) => say(String(error))), minuteMs)
  await stop.requested
  clearInterval(timer)
  say('Stopping …')
} catch (error) {
  if (!(error instanceof NoPython)) throw error
  console.error(error.message)
  process.exitCode = 2
} finally {
  await sandbox?.stop()
  stop.dispose()
}

function whatToLookAt({ endpoint, demo, config }: Sandbox): string[] {
  const { vantages, controllers } = config
  const aws = `AWS_ENDPOINT_URL=${endpoint} AWS_ACCESS_KEY_ID=sandbox AWS_SECRET_ACCESS_KEY=sandbox aws`
  return [
    '',
    `Deployed: probes in ${vantages.join(', ')}; alarms in ${controllers.join(', ')}.`,
    `Schedules fire every minute; every minute this shows the votes of the last whole one, from ${controllers[0]}.`,
    ...demo.instructions,
    'With the AWS command line, if you have it:',
    `  ${aws} --region ${controllers[0]} cloudwatch list-metrics --namespace Vedette`,
    `  ${aws} --region ${vantages[0]} logs tail /aws/lambda/vedette-shop-probe-${vantages[0]} --follow`,
    'Ctrl-C ends it and leaves nothing behind. The first votes take up to two minutes.',
    '',
  ]
}

/** The votes on every monitor in the last minute that is over for all vantages. */
async function sayVotes({ aws, config: { controllers, monitors, vantages } }: Sandbox): Promise<void> {
  const home = controllers[0] ?? ''
  const atMs = (Math.floor(Date.now() / minuteMs) - 1) * minuteMs
  const lastOf = async (name: string, dimensions: Record<string, string>) =>
    (await aws.metric(home, name, dimensions, atMs - minuteMs)).find((point) => point.atMs === atMs)
  const votes = await Promise.all(
    monitors.map(async ({ id }) => {
      const point = await lastOf('Down', { Monitor: String(id) })
      return `${id} ${point ? `${point.sum}/${point.samples}` : 'no vote'}`
    }),
  )
  const beats = await Promise.all(vantages.map((Vantage) => lastOf('Heartbeat', { Vantage })))
  const silent = vantages.filter((_, i) => !beats[i])
  say(`${new Date(atMs).toISOString().slice(11, 16)}Z down/votes: ${votes.join(', ')}`)
  if (silent.length > 0) say(`        no heartbeat from ${silent.join(', ')}`)
}
