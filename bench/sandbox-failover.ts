/*
 * How long from the moment an origin dies to the accepted change of its record, deployed into the sandbox: an AWS on this
 * machine, whose functions are processes that share its cores. Monitors every 10 s from three staggered vantages, two
 * controllers, all defaults but `sustain`. Each failover has an origin of its own; they die one after the other, at random.
 *
 *   node bench/sandbox-failover.ts [--runs 10]
 */
import { setTimeout as wait } from 'node:timers/promises'
import { eventually } from '../test/sandbox/eventually.ts'
import { deleteDownAlarms } from '../test/sandbox/knobs.ts'
import { type Origins, startOrigins } from '../test/sandbox/origins.ts'
import { type Sandbox, startSandbox } from '../test/sandbox/sandbox.ts'
import { script, whole } from '../test/support/script.ts'
import { median, percentile, printTable } from './support/table.ts'

const values = script('From the death of an origin to the change of its record, in the sandbox.')
  .option('--runs <n>', 'how many times', whole(), 10)
  .parse()
  .opts<{ runs: number }>()
const runs = values.runs
const zone = 'bench.sandbox.test'
const addresses = ['127.0.0.1', '127.0.0.2']
const functionName = 'vedette-shop-failover'
/** Half as long, or half as long again, by chance: deaths fall anywhere between two probes. */
const betweenDeathsMs = 4000
const longestMs = 60_000

/** The failovers of a row, and how their first origins die. */
const rows = [
  { name: 'refused', what: 'refused connections, sustain 0 s', sustain: '0s', goal: '7 s, 15 s' },
  { name: 'hole', what: 'a black hole, sustain 0 s', sustain: '0s', goal: '' },
  { name: 'held', what: 'refused connections, sustain 10 s', sustain: '10s', goal: '' },
] as const
const all = rows.flatMap(({ name, sustain }) =>
  Array.from({ length: runs }, (_, i) => ({ id: `${name}-${i}`, record: `${name}-${i}.${zone}`, sustain })),
)

const origins = new Map<string, Origins>()
for (const { id } of all) origins.set(id, await startOrigins(addresses))
const sandbox = await startSandbox({
  failovers: {
    zones: [zone],
    config: ({ zoneIds, dnsPort }) => ({
      maxConcurrent: 1000,
      monitors: all.map(({ id, record }) => {
        return { id, kind: 'http', url: `http://${record}:${origins.get(id)?.port}/`, every: '10s' }
      }),
      failovers: all.map(({ id, record, sustain }) => ({
        ...{ id, zone, record, check: id, sustain, hostedZoneId: zoneIds[zone], mode: 'auto' },
        servers: [`authoritative:${dnsPort}`],
        endpoints: addresses.map((address, i) => ({ id: ['one', 'two'][i], region: 'external', A: [address] })),
      })),
    }),
  },
})
const printed: string[][] = []
try {
  await sandbox.deploy()
  await deleteDownAlarms(sandbox)
  await adoptAll(sandbox)
  // Loops fill the minute after the one that they are called in.
  await allLoopsRun(sandbox)
  for (const row of rows) printed.push(await measure(row, sandbox))
} finally {
  await sandbox.stop()
  for (const one of origins.values()) await one.stop()
}
printed.push(["Route 53's own check, 10 s × 3, detection alone", '30.0 s', '30.0 s', '', ''])
printTable(['from death to change, in the sandbox', 'p50', 'max', 'change p50', 'goal p50, max'], printed)
console.log('\nThese are figures of an emulator on this machine, not of AWS.')

async function adoptAll({ aws, config, zones, zoneIds }: Sandbox): Promise<void> {
  const ResourceRecords = [{ Value: addresses[0] }]
  for (const { id, record } of all) {
    await zones.change(zoneIds[zone] ?? '', 'CREATE', { Name: `${record}.`, Type: 'A', TTL: 60, ResourceRecords })
    await aws.invoke(config.controllers[0] ?? '', functionName, { do: 'adopt', failover: id })
  }
}

async function allLoopsRun({ aws, config }: Sandbox): Promise<void> {
  for (const vantage of config.vantages)
    await eventually(
      `a loop at ${vantage}`,
      async () => {
        const lines = await aws.logLines(vantage, `/aws/lambda/vedette-shop-probe-${vantage}`)
        return lines.some((line) => line.includes('"monitor"')) || undefined
      },
      240_000,
    )
}

interface Swap {
  time: string
  failover: string
  kind: string
  tookMs: number
}

/** The changes that were accepted, as both controllers logged them. */
async function movesIn({ aws, config }: Sandbox): Promise<Swap[]> {
  const lines = await Promise.all(
    config.controllers.map((region) => aws.logLines(region, `/aws/lambda/${functionName}`)),
  )
  return lines
    .flat()
    .filter((line) => line.includes('"event":"failover.swapped"'))
    .map((line) => JSON.parse(line) as Swap)
    .filter(({ kind }) => kind === 'moved')
}

async function measure({ name, what, goal }: (typeof rows)[number], sandbox: Sandbox): Promise<string[]> {
  const ids = all.map(({ id }) => id).filter((id) => id.startsWith(`${name}-`))
  const diedAtMs = new Map<string, number>()
  for (const id of ids) {
    await wait(betweenDeathsMs * (0.5 + Math.random()))
    const origin = origins.get(id)?.at(addresses[0] ?? '')
    diedAtMs.set(id, Date.now())
    if (name === 'hole') origin?.fallSilent()
    else await origin?.kill()
  }
  const look = async () => {
    const moved = (await movesIn(sandbox)).filter(({ failover }) => diedAtMs.has(failover))
    return moved.length >= runs ? moved : undefined
  }
  // Those that did not move are counted below.
  await eventually('every failover to have moved', look, longestMs).catch(() => {})
  const moved = (await movesIn(sandbox)).filter(({ failover }) => diedAtMs.has(failover))
  // Back in the end, or their failures would be told to the controllers all through the rows to come.
  for (const id of ids)
    await origins
      .get(id)
      ?.at(addresses[0] ?? '')
      .mend()
  const seconds = moved.map(({ failover, time }) => (Date.parse(time) - (diedAtMs.get(failover) ?? 0)) / 1000)
  const missed = runs - new Set(moved.map(({ failover }) => failover)).size
  return [
    what,
    `${median(seconds).toFixed(1)} s`,
    `${percentile(seconds, 1).toFixed(1)} s${missed ? `, ${missed} not at all` : ''}`,
    `${median(moved.map(({ tookMs }) => tookMs)).toFixed(0)} ms`,
    goal,
  ]
}
