/** `npm run bench [part…]`: runs all parts, or those named, each in a process of its own so that none disturbs another. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpus, release } from 'node:os'
import { fileURLToPath } from 'node:url'

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

const chosen = process.argv.slice(2)
const unknown = chosen.filter((name) => !(name in parts))
if (unknown.length > 0) {
  console.error(`expected ${Object.keys(parts).join(', ')}, got ${unknown.join(', ')}`)
  process.exit(2)
}

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
