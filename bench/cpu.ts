/**
 * CPU per probe, ours beside blackbox_exporter's, for each kind: 16 probes in parallel, nothing stored. Rounds alternate
 * (ours, theirs, ours, …), so that what else the machine does meets both. Linux only: CPU is read from /proc.
 */
import { pemFile } from '../test/support/certificates.ts'
import { type Blackbox, startBlackbox } from './support/blackbox.ts'
import { type Child, cpuMs, inParallel, startChild } from './support/child.ts'
import { median, printTable } from './support/table.ts'
import type { Targets } from './targets.ts'

const width = 16
const rounds = 7
const warmUpProbes = 3000
const probesPerRound = 5000
const dnsName = 'bench.test'

type Kind = 'http' | 'https' | 'tcp' | 'dns'
const goals: Record<Kind, number> = { http: 0.6, https: 0.9, tcp: 0.3, dns: 0.3 }

interface Side {
  pid: number
  run(kind: Kind, count: number): Promise<unknown>
}

const targets = await startChild<Targets>(new URL('targets.ts', import.meta.url))
const caFile = pemFile(targets.hello.ca)
const prober = await startChild(new URL('cpu-prober.ts', import.meta.url), [JSON.stringify(monitors(targets.hello))])
const blackbox = await startBlackbox(caFile, dnsName)
if (!blackbox)
  console.log('blackbox_exporter is not installed here: ours only (Debian: apt install prometheus-blackbox-exporter)\n')

const rows: string[][] = []
for (const kind of Object.keys(goals) as Kind[]) rows.push(await compare(kind))
printTable(['probe', 'ours, CPU ms', 'blackbox, CPU ms', 'ratio', 'goal', ''], rows)
console.log(`
Medians of ${rounds} rounds of ${probesPerRound} probes (lowest to highest), ${width} in parallel, user and system time of all threads.
Ours runs the path that \`vedette run\` runs: probe, deadline, assertions. blackbox_exporter's figure includes its own HTTP
endpoint, through which it is asked for each probe and answers with metrics; connections to that endpoint are kept open.`)

await blackbox?.stop()
prober.stop()
targets.stop()

async function compare(kind: Kind): Promise<string[]> {
  const sides = [ours(prober), ...(blackbox ? [theirs(blackbox, targets.hello)] : [])]
  const figures: number[][] = sides.map(() => [])
  for (const side of sides) await side.run(kind, warmUpProbes)
  for (let round = 0; round < rounds; round++) {
    for (const [index, side] of sides.entries()) figures[index]?.push(await measure(side, kind))
  }
  const [our, their] = figures
  const ratio = our && their ? median(our) / median(their) : undefined
  const verdict = ratio === undefined ? '' : ratio <= goals[kind] ? 'met' : 'MISSED'
  return [kind, describe(our), describe(their), ratio?.toFixed(2) ?? '–', `≤ ${goals[kind]}`, verdict]
}

async function measure(side: Side, kind: Kind): Promise<number> {
  const before = cpuMs(side.pid)
  await side.run(kind, probesPerRound)
  return (cpuMs(side.pid) - before) / probesPerRound
}

function describe(figures: number[] | undefined): string {
  if (!figures) return '–'
  return `${median(figures).toFixed(3)} (${Math.min(...figures).toFixed(3)} to ${Math.max(...figures).toFixed(3)})`
}

function ours(child: Child): Side {
  return { pid: child.pid, run: (kind, count) => child.ask({ id: kind, count, width }) }
}

function theirs(exporter: Blackbox, { http, https, tcp, dns }: Targets): Side {
  const addresses: Record<Kind, string> = {
    http: `http://127.0.0.1:${http}/`,
    https: `https://127.0.0.1:${https}/`,
    tcp: `127.0.0.1:${tcp}`,
    dns: `127.0.0.1:${dns}`,
  }
  return {
    pid: exporter.pid,
    run: (kind, count) => inParallel(count, width, () => exporter.probe(kind, addresses[kind])),
  }
}

function monitors({ http, https, tcp, dns }: Targets) {
  const tls = { caFile, serverName: 'localhost' }
  return [
    { id: 'http', kind: 'http', url: `http://127.0.0.1:${http}/` },
    { id: 'https', kind: 'http', url: `https://127.0.0.1:${https}/`, tls },
    { id: 'tcp', kind: 'tcp', host: '127.0.0.1', port: tcp },
    { id: 'dns', kind: 'dns', name: dnsName, type: 'A', servers: [`127.0.0.1:${dns}`] },
  ]
}
