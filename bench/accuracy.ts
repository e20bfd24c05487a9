/**
 * How true measured delays are: a server in another process waits about 50 ms, measures its own delay and sends it along;
 * the error of a probe is |phases.processing − that|.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { ProbeResult } from '../lib/model/result.ts'
import { inParallel, startChild } from './support/child.ts'
import { prober } from './support/prober.ts'
import { median, percentile, printTable } from './support/table.ts'

const server = await startChild<{ port: number }>(new URL('delay-server.ts', import.meta.url), ['50'])
const slowServer = await startChild<{ port: number }>(new URL('delay-server.ts', import.meta.url), ['500'])
const run = prober([
  { id: 'delayed', kind: 'http', url: `http://127.0.0.1:${server.hello.port}/`, timeout: '10s' },
  { id: 'slow', kind: 'http', url: `http://127.0.0.1:${slowServer.hello.port}/`, timeout: '10s' },
])

await measure('delayed', 400, 10) // warm-up
const alone = await measure('delayed', 400, 1)
const bursts: number[] = []
for (let burst = 0; burst < 20; burst++) bursts.push(...(await measure('delayed', 200, 200)))
const loop = await measure('delayed', 10_000, 200)
const spread = await measure('slow', 4000, 200, 2.5)
server.stop()
slowServer.stop()

const quick = (errors: number[]) => percentile(errors, 0.99) <= 10
const exact = median(alone) <= 1 && percentile(alone, 0.99) <= 3
printTable(
  ['probes', 'median error', 'p99', 'max', 'goal', ''],
  [
    row('one at a time', alone, 'median ≤ 1 ms, p99 ≤ 3 ms', exact),
    row('200 started at once', bursts, 'p99 ≤ 10 ms', quick(bursts)),
    row('200 at all times, as fast as it goes', loop, 'p99 ≤ 10 ms', quick(loop)),
    row('200 at all times, 400 a second', spread, 'p99 ≤ 10 ms', quick(spread)),
  ],
)
console.log(`
Error = |phases.processing − x-delay-ms| in milliseconds, of ${alone.length}, ${bursts.length}, ${loop.length} and ${spread.length} probes. The server's figure runs from
reading the request to writing the reply, so what the kernel and both event loops add is error here. The server waits 50 ms;
in the last row 500 ms, so that 200 are in flight while the machine is not at its limit.`)

/** Runs `count` probes, `width` at a time; the first of each lane starts `staggerMs` after that of the lane before. */
async function measure(id: string, count: number, width: number, staggerMs = 0): Promise<number[]> {
  const errors: number[] = []
  let lane = 0
  await inParallel(count, width, async () => {
    if (staggerMs > 0 && lane < width) await wait(lane++ * staggerMs)
    errors.push(errorOf(await run(id)))
  })
  return errors
}

function errorOf({ phases, observed }: ProbeResult): number {
  const headers = 'headers' in observed ? observed.headers : undefined
  return Math.abs((phases.processing ?? Number.NaN) - Number(headers?.['x-delay-ms']))
}

function row(title: string, errors: number[], goal: string, met: boolean): string[] {
  const figures = [median(errors), percentile(errors, 0.99), Math.max(...errors)].map((ms) => ms.toFixed(2))
  return [title, ...figures, goal, met ? 'met' : 'MISSED']
}
