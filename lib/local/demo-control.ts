import http from 'node:http'
import { closer, listenOnLoopback } from './loopback.ts'

/** One thing that people can break and mend while they look on. */
export interface Breakable {
  name: string
  /** What it does, in a few words. */
  effect: string
  isBroken(): boolean
  setBroken(broken: boolean): Promise<void>
}

/** The small HTTP server through which people break and mend things while they run. */
export interface DemoControl {
  port: number
  /** More to break. */
  add(breakables: readonly Breakable[]): void
  stop(): Promise<void>
}

/** Starts it on `port`, or on a free one. `GET /` lists, `POST /break/<name>`, `POST /mend/<name>`, `POST /mend` mends all. */
export async function startDemoControl(breakables: readonly Breakable[], port: number): Promise<DemoControl> {
  const all = [...breakables]
  const server = http.createServer(async (request, response) => {
    const { status, text } = await answer(all, request).catch((error: Error) => ({ status: 500, text: error.message }))
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`)
  })
  const stop = closer(server)
  return { port: await listenOnLoopback(server, port), add: (more) => void all.push(...more), stop }
}

/** One line for everything that can be broken, with its state. */
function list(breakables: readonly Breakable[]): string {
  const width = Math.max(...breakables.map(({ name }) => name.length))
  return breakables
    .map(({ name, effect, isBroken }) => `${name.padEnd(width)} ${isBroken() ? 'broken' : 'whole '}  ${effect}`)
    .join('\n')
}

interface Answer {
  status: number
  text: string
}

async function answer(breakables: readonly Breakable[], request: http.IncomingMessage): Promise<Answer> {
  const [, verb = '', name] = (request.url ?? '/').split('/')
  if (verb === '' && request.method === 'GET') return { status: 200, text: list(breakables) }
  if (verb !== 'break' && verb !== 'mend') return { status: 404, text: usage }
  if (request.method !== 'POST') return { status: 405, text: `expected POST, got ${request.method}\n${usage}` }

  const chosen = breakables.filter((one) => one.name === name || (verb === 'mend' && !name))
  const names = breakables.map((one) => one.name).join(', ')
  if (chosen.length === 0) return { status: 404, text: `expected one of ${names}, got '${name ?? ''}'` }
  for (const one of chosen) await one.setBroken(verb === 'break')
  return { status: 200, text: list(breakables) }
}

const usage =
  'GET / lists what can be broken; POST /break/<name> breaks it, POST /mend/<name> mends it, POST /mend mends all'
