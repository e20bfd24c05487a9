/*
 * How long from the moment an origin dies to the accepted change of its record, embedded: monitors every 10 s from three
 * staggered vantages, all defaults but `sustain`. Each failover has an origin of its own, which dies at a random time.
 *
 *   node bench/failover.ts [--runs 50]
 */
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { startFailovers } from '../lib/local/failovers.ts'
import { closer } from '../lib/local/loopback.ts'
import { parseConfig } from '../lib/model/parse-config.ts'
import { enableLinearRegex } from '../lib/run/linear-regex.ts'
import { script, whole } from '../test/support/script.ts'
import { median, percentile, printTable } from './support/table.ts'

const values = script('From the death of an origin to the change of its record.')
  .option('--runs <n>', 'how many times', whole(), 50)
  .parse()
  .opts<{ runs: number }>()
const runs = values.runs

enableLinearRegex()
const rows: string[][] = []
await measure('refused connections, sustain 0 s', '0s', (origin) => origin.close(), '5 s, 12 s')
await measure('a black hole, sustain 0 s', '0s', (origin) => origin.fallSilent(), '')
await measure('refused connections, sustain 10 s', '10s', (origin) => origin.close(), '')
rows.push(["Route 53's own check, 10 s × 3, detection alone", '30.0 s', '30.0 s', '', ''])
printTable(['from death to change', 'p50', 'max', 'controller p50', 'goal p50, max'], rows)
process.exit()

interface Origin {
  port: number
  close(): Promise<void>
  fallSilent(): Promise<void>
}

/** An origin and its standby, at one port of two addresses; a connection may have taken it at the second meanwhile. */
async function startOrigin(tries = 10): Promise<Origin> {
  try {
    return await startPair()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tries <= 1) throw error
    return startOrigin(tries - 1)
  }
}

async function startPair(): Promise<Origin> {
  let isSilent = false
  const server = http.createServer((_, response) => {
    if (!isSilent) response.end('ok')
  })
  const close = closer(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const standby = http.createServer((_, response) => response.end('ok'))
  standby.listen(port, '127.0.0.2')
  await once(standby, 'listening')
  return {
    ...{ port, close },
    fallSilent: async () => {
      isSilent = true
    },
  }
}

async function measure(what: string, sustain: string, die: (origin: Origin) => Promise<void>, goal: string) {
  const origins = await Promise.all(Array.from({ length: runs }, () => startOrigin()))
  const endpoint = (id: string, address: string) => ({ id, region: 'external', A: [address] })
  const config = parseConfig({
    service: 'bench',
    maxConcurrent: 1000,
    monitors: origins.map(({ port }, i) => ({
      id: `m${i}`,
      kind: 'http',
      url: `http://r${i}.bench.test:${port}/`,
      every: '10s',
    })),
    failovers: origins.map((_, i) => ({
      ...{
        id: `f${i}`,
        hostedZoneId: 'Z',
        zone: 'bench.test',
        record: `r${i}.bench.test`,
        check: `m${i}`,
        mode: 'auto',
      },
      ...{ sustain, endpoints: [endpoint('one', '127.0.0.1'), endpoint('two', '127.0.0.2')] },
    })),
  })
  const [diedAt, movedAt, tookMs] = [new Map<string, number>(), new Map<string, number>(), [] as number[]]
  const embedded = await startFailovers(config, {
    version: 'bench',
    emit: (event) => {
      if (event.type !== 'swapped' || event.outcome.kind !== 'moved') return
      movedAt.set(event.failover, performance.now())
      tookMs.push(event.tookMs)
    },
  })
  await wait(12_000)
  await Promise.all(
    origins.map(async (origin, i) => {
      await wait(Math.random() * 30_000)
      diedAt.set(`f${i}`, performance.now())
      await die(origin)
    }),
  )
  for (let waited = 0; movedAt.size < runs && waited < 60_000; waited += 100) await wait(100)
  await embedded.stop()
  const seconds = [...movedAt].map(([id, at]) => (at - (diedAt.get(id) ?? at)) / 1000)
  const [p50, max] = [median(seconds), percentile(seconds, 1)]
  const missed = runs - seconds.length
  rows.push([
    what,
    `${p50.toFixed(1)} s`,
    `${max.toFixed(1)} s${missed ? `, ${missed} not at all` : ''}`,
    `${median(tookMs).toFixed(0)} ms`,
    goal,
  ])
}
