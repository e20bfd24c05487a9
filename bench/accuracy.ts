/**
 * How true measured delays are: a server in another process waits about 50 ms, measures its own delay and sends it along;
 * the error of a probe is |phases.processing − that|.
 */
import type { ProbeResult } from '../lib/model/result.ts'
import { inParallel, startChild } from './support/child.ts'
import { prober } from './support/prober.ts'
import { median, percentile, printTable } from './support/table.ts'

const server = await startChild<{ port: number }>(new URL('delay-server.ts', import.meta.url))
const id = 'delayed'
const run = prober([{ id, kind: 'http', url: `http://127.0.0.1:${server.hello.port}/`, timeout: '10s' }])

await measure(100, 10) // warm-up
const alone = await measure(400, 1)
const bursts: number[] = []
for (let burst = 0; burst < 20; burst++) bursts.push(...(await measure(200, 200)))
const saturated = await measure(10_000, 200)
server.stop()

printTable(
  ['probes', 'median error', 'p99', 'max', 'goal', ''],
  [
    row('one at a time (400)', alone, 'median ≤ 1 ms, p99 ≤ 3 ms', median(alone) <= 1 && percentile(alone, 0.99) <= 3),
    row('200 started at once (20 times)', bursts, 'p99 ≤ 10 ms', percentile(bursts, 0.99) <= 10),
    row('200 at all times (10,000)', saturated, 'p99 ≤ 10 ms', percentile(saturated, 0.99) <= 10),
  ],
)
console.log(`
Error = |phases.processing − x-delay-ms|, milliseconds. The server's figure runs from reading the request to writing the reply,
so what the kernel and both event loops add is error here. 200 at all times is a closed loop: the next probe starts when
one ends, which is as fast as this machine can go.`)

async function measure(count: number, width: number): Promise<number[]> {
  const errors: number[] = []
  await inParallel(count, width, async () => {
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
