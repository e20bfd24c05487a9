import { existsSync } from 'node:fs'
import path from 'node:path'
import { keyOf } from '../decide/incident.ts'
import type { Notice } from '../decide/notice.ts'
import { allRoutes } from '../decide/notify-config.ts'
import { cut } from '../decide/plain.ts'
import { createLocalDeliver } from '../local/notify.ts'
import { notifyFileOf, openNotifyStore } from '../local/notify-store.ts'
import type { Config } from '../model/config.ts'
import type { Route } from '../model/route.ts'
import { loadConfig } from './load-config.ts'
import type { Output } from './output.ts'
import { UsageError } from './usage-error.ts'

export interface NotifyTestOptions {
  config?: string
  /** `page`, `ticket`, or the name of a route; all routes where absent. */
  route?: string
  json?: boolean
}

export interface NotifyChangeOptions {
  history?: string
  url?: string
}

const deadlineMs = 30_000

/** What came of the test of one route. */
interface Tested {
  route: string
  kind: Route['kind']
  ok: boolean
  tookMs: number
  reason?: string
}

/** `vedette notify test`: opens an alert on each route and ends it; 0 where every route took both, else 1. */
export async function notifyTest(options: NotifyTestOptions, output: Output): Promise<number> {
  const config = await loadConfig(options.config)
  const routes = chosen(config, options.route)
  const tested = await Promise.all(routes.map((route) => testRoute(route, config)))
  if (options.json) output.out(JSON.stringify({ routes: tested }))
  else
    for (const { route, kind, ok, tookMs, reason } of tested)
      output.out(`${ok ? 'ok    ' : 'FAILED'}  ${route} (${kind}): ${ok ? `told and ended in ${tookMs} ms` : reason}`)
  return tested.every(({ ok }) => ok) ? 0 : 1
}

function chosen(config: Config, wanted: string | undefined): Route[] {
  const all = allRoutes(config)
  if (all.length === 0) throw new UsageError('the config has no "routes": nobody would be told of anything')
  if (wanted === undefined) return all
  const routes =
    wanted === 'page' || wanted === 'ticket' ? config.routes[wanted] : all.filter(({ name }) => name === wanted)
  if (routes.length > 0) return routes
  const names = ['page', 'ticket', ...all.map(({ name }) => name)].join(', ')
  throw new UsageError(`--route: expected one of ${names} that has a route, got ${wanted}`)
}

/** An alert of its own key, so that it never touches a real one. */
async function testRoute(route: Route, config: Config): Promise<Tested> {
  const { service, env } = config
  const deliver = createLocalDeliver(config)
  const beganMs = Date.now()
  const key = keyOf(config, 'test', `${route.name}-${beganMs}`)
  const notice: Notice = {
    ...{ id: 1, route: route.name, action: 'open', key, severity: 'ticket', atMs: beganMs, openedMs: beganMs },
    event: { service, ...(env !== undefined && { env }), atMs: beganMs, type: 'route.heartbeat', test: true },
    ...{ dependants: 0, changes: [], acts: [], links: {}, rounds: 0 },
  }
  const opened = await deliver(notice, { deadlineMs })
  const ref = opened.kind === 'delivered' && opened.ref !== undefined ? { ref: opened.ref } : {}
  const ended =
    opened.kind === 'delivered'
      ? await deliver({ ...notice, id: 2, action: 'close', atMs: Date.now(), ...ref }, { deadlineMs })
      : opened
  const tookMs = Date.now() - beganMs
  const result = { route: route.name, kind: route.kind, tookMs }
  return ended.kind === 'delivered' ? { ...result, ok: true } : { ...result, ok: false, reason: ended.reason }
}

/** `vedette notify change`: notes a deployment, say, so that whoever is told of an incident soon after sees it. */
export async function notifyChange(text: string, options: NotifyChangeOptions, output: Output): Promise<number> {
  const history = options.history ?? path.join('.vedette', 'history.db')
  const file = notifyFileOf(history)
  if (!existsSync(file))
    throw new UsageError(`no engine with routes has run with the history ${history}: name its history with --history`)
  if (options.url !== undefined && !/^https?:$/.test(URL.parse(options.url)?.protocol ?? ''))
    throw new UsageError(`--url: expected an http or https URL, got ${options.url}`)
  if (text.trim() === '') throw new UsageError('expected what was changed, such as "deployed v42", got nothing')
  const store = openNotifyStore(file)
  try {
    store.addChange({ atMs: Date.now(), text: cut(text, longestChange), ...(options.url && { url: options.url }) })
  } finally {
    store.close()
  }
  output.out('noted: the running engine tells of it within ten seconds, or the next one when it starts')
  return 0
}

const longestChange = 500
