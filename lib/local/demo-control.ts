import http from 'node:http'
import { type Breakage, breakages, type Shop } from './demo-shop.ts'
import { closer, listenOnLoopback } from './loopback.ts'

/** The small HTTP server through which people break and mend the shop while it runs. */
export interface DemoControl {
  port: number
  stop(): Promise<void>
}

/** Starts it on `port`, or on a free one. `GET /` lists, `POST /break/<name>`, `POST /mend/<name>`, `POST /mend` mends all. */
export async function startDemoControl(shop: Shop, port: number): Promise<DemoControl> {
  const server = http.createServer(async (request, response) => {
    const { status, text } = await answer(shop, request).catch((error: Error) => ({ status: 500, text: error.message }))
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`)
  })
  const stop = closer(server)
  return { port: await listenOnLoopback(server, port), stop }
}

/** One line for everything that can be broken, with its state. */
export function listBreakages(shop: Shop): string[] {
  return names().map((name) => `${name.padEnd(5)} ${shop.isBroken(name) ? 'broken' : 'whole '}  ${breakages[name]}`)
}

interface Answer {
  status: number
  text: string
}

async function answer(shop: Shop, request: http.IncomingMessage): Promise<Answer> {
  const [, verb = '', name] = (request.url ?? '/').split('/')
  if (verb === '' && request.method === 'GET') return { status: 200, text: listBreakages(shop).join('\n') }
  if (verb !== 'break' && verb !== 'mend') return { status: 404, text: usage }
  if (request.method !== 'POST') return { status: 405, text: `expected POST, got ${request.method}\n${usage}` }

  const chosen = names().filter((each) => each === name || (verb === 'mend' && !name))
  if (chosen.length === 0) return { status: 404, text: `expected one of ${names().join(', ')}, got '${name ?? ''}'` }
  for (const each of chosen) await shop.setBroken(each, verb === 'break')
  return { status: 200, text: listBreakages(shop).join('\n') }
}

const usage =
  'GET / lists what can be broken; POST /break/<name> breaks it, POST /mend/<name> mends it, POST /mend mends all'

function names(): Breakage[] {
  return Object.keys(breakages) as Breakage[]
}
