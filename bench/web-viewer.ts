/**
 * Someone who looks at a dashboard (the first argument: its URL): five streams of events, the overview every second and 30
 * days of a monitor every two, while it is told to. A process of its own. Started by `startChild`.
 */
import http from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'

const url = process.argv[2] ?? ''
const streams = 5
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
  for (let i = 0; i < streams; i++) void read('/api/events', signal)
  for (let second = 0; !signal.aborted; second++) {
    await read('/api/overview', signal)
    if (second % 2 === 0) await read(`/api/monitors/monitor-0001/series?from=${Date.now() - 30 * 86_400_000}`, signal)
    await wait(1000, undefined, { signal }).catch(() => {})
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
