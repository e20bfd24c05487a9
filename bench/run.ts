/** `npm run bench [part…]`: runs all parts, or those named, each in a process of its own so that none disturbs another. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpus, release } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Argument } from 'commander'
import { script } from '../test/support/script.ts'

const parts = {
  cpu: 'CPU per probe, ours beside blackbox_exporter',
  accuracy: 'measured delay against what the server measured itself',
  history: 'size and speed of the history file',
  bundle: 'size and import of the functions',
  invocation: 'five hundred monitors in one invocation',
  synth: 'a thousand monitors as templates',
  failover: 'from the death of an origin to the change of its record',
  'sandbox-failover': 'the same, deployed into an AWS on this machine',
  web: 'the dashboard: its answers, and whether it disturbs the probes',
  look: 'the dashboard in a browser: how soon, how much, how live, and its memory',
  notify: 'from a confirmed failure to the accepted alert, and a storm',
  slo: 'error budgets and latency of five hundred monitors, judged',
  schedule: 'a thousand monitors on time, and the memory they take',
}

const choices = Object.entries(parts).map(([name, title]) => `  ${name.padEnd(18)}${title}`)
const { args: chosen } = script('Runs all parts, or those named, one after the other.')
  .usage('[part…]')
  .addArgument(new Argument('[part...]', 'what to measure (default: all)').choices(Object.keys(parts)))
  .addHelpText('after', `\n${choices.join('\n')}`)
  .parse()

console.log(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, ${process.platform} ${release()}`,
)
for (const [name, title] of Object.entries(parts)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue
  const script = fileURLToPath(new URL(`${name}.ts`, import.meta.url))
  console.log(`\n## ${name}: ${title}\n`)
  const child = spawn(process.execPath, [script], { stdio: 'inherit' })
  const [code] = await once(child, 'exit')
  if (code !== 0) process.exitCode = 1
}
