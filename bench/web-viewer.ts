/**
 * People who look at a dashboard (the first argument: its URL), while it is told to: three have it open, and every two
 * seconds one of them loads the overview, a day of a monitor, the overview, 30 days. A process of its own. Started by `startChild`.
 */
import http from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'

const url = process.argv[2] ?? ''
const people = 3
const everyMs = 2000
const agent = new http.Agent({ keepAlive: true })
let looking: AbortController | undefined

function read(path: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const request = http.get(url + path, { agent, signal, headers: { 'accept-encoding': 'br' } }, (response) => {
      response
        .on('error', () => resolve())
        .on('close', () => resolve())
        .resume()
    })
    request.on('error', () => resolve())
  })
}

async function look(signal: AbortSignal): Promise<void> {
  for (let i = 0; i < people; i++) void read('/api/events', signal)
  for (let i = 0; !signal.aborted; i++) {
    const fromMs = Date.now() - (i % 4 === 1 ? 1 : 30) * 86_400_000
    await read(i % 2 === 0 ? '/api/overview' : `/api/monitors/monitor-0001/series?from=${fromMs}`, signal)
    await wait(everyMs, undefined, { signal }).catch(() => {})
  }
}

process.on('message', (isToLook: boolean) => {
  looking?.abort()
  looking = isToLook ? new AbortController() : undefined
  if (looking) void look(looking.signal)
  process.send?.({ isLooking: isToLook })
})
process.once('disconnect', () => process.exit())
process.send?.({ ready: true })
