import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { createDeliver } from '../act/notify-deliver.ts'
import type { Deliver } from '../act/ports.ts'
import { awsSecrets, createSecrets } from '../act/secrets.ts'
import { describe } from '../decide/event-text.ts'
import { keyOf } from '../decide/incident.ts'
import { monitorEvent } from '../decide/monitor-event.ts'
import type { Notice } from '../decide/notice.ts'
import { allRoutes, notifyRulesOf } from '../decide/notify-config.ts'
import { cut } from '../decide/plain.ts'
import type { RouteHealth } from '../decide/route-health.ts'
import type { Config } from '../model/config.ts'
import type { VedetteEvent } from '../model/event.ts'
import type { Log } from '../run/log.ts'
import { Notifier } from '../run/notifier.ts'
import { pause } from '../run/pause.ts'
import { CertificateWatch } from './certificate-watch.ts'
import type { Engine, EngineEvent } from './engine.ts'
import type { History } from './history.ts'
import { type LocalNotifyStore, openNotifyStore } from './notify-store.ts'
import { SightWatch } from './sight-watch.ts'

export interface LocalNotifyOptions {
  /** `:memory:` keeps nothing. */
  file: string
  history: Pick<History, 'recordEvent' | 'read'>
  log: Log
}

/** Tells people of what the engine of this machine sees. */
export interface LocalNotify {
  tell(event: VedetteEvent): void
  /** How telling each route goes. */
  routes(): RouteHealth[]
  /** Hears an engine from now on; to be called once it has started. */
  watch(engine: Pick<Engine, 'subscribe' | 'snapshot'>): void
  stop(): Promise<void>
}

const lookEveryMs = 10_000

/** Goes on where the last process stopped. A file that cannot be opened is said, and silences nobody. */
export async function startNotify(config: Config, { file, history, log }: LocalNotifyOptions): Promise<LocalNotify> {
  const store = openOrForget(file, log)
  const rules = notifyRulesOf(config)
  const deliver = recorded(createLocalDeliver(config), history)
  const notifier = new Notifier(rules, { store, deliver, log, nowMs: () => Date.now() })
  await notifier.start()
  const tell = (event: VedetteEvent) => notifier.tell(event)
  const certificates = new CertificateWatch(config, tell)
  const sight = new SightWatch(config, tell)
  const monitors = new Map(config.monitors.map((monitor) => [monitor.id, monitor]))
  const hearChanges = () => takeChanges(store, config, tell, { history, log })
  const hear = (event: EngineEvent) => {
    if (event.type === 'result') {
      certificates.take(event.result)
      sight.take(event.result)
    }
    const monitor = event.type === 'transition' && monitors.get(event.transition.monitor)
    // What was noted just before it is likely to be why.
    if (monitor) hearChanges()
    if (monitor) tell(monitorEvent(monitor, event.transition, event.result, config))
  }
  const timer = setInterval(() => {
    sight.look(Date.now())
    hearChanges()
  }, lookEveryMs)
  let unsubscribe = () => {}
  return {
    tell,
    routes: () => notifier.routes,
    watch: (engine) => {
      unsubscribe = engine.subscribe(hear)
      for (const event of missed(engine, notifier, config, history)) tell(event)
    },
    stop: async () => {
      clearInterval(timer)
      unsubscribe()
      await notifier.stop()
      store.close()
    },
  }
}

function openOrForget(file: string, log: Log): LocalNotifyStore {
  try {
    if (file !== ':memory:') mkdirSync(path.dirname(file), { recursive: true })
    return openNotifyStore(file)
  } catch (error) {
    const message = `${file} cannot be used, so a restart will tell anew what is open: ${(error as Error).message}`
    log('error', 'notify.not kept', { message })
    return openNotifyStore(':memory:')
  }
}

/** A sender for the routes of a config, with secrets of the environment, or of AWS where its credentials are there. */
export function createLocalDeliver(config: Pick<Config, 'routes'>): Deliver {
  const nowMs = () => Date.now()
  const secret = createSecrets(awsSecrets(), nowMs)
  return createDeliver(allRoutes(config), { secret, pause, chance: Math.random, nowMs })
}

/** What was told, or could not be, is part of the history. */
function recorded(deliver: Deliver, history: LocalNotifyOptions['history']): Deliver {
  return async (notice, limit) => {
    const delivery = await deliver(notice, limit)
    const outcome = delivery.kind === 'delivered' ? 'delivered' : delivery.reason
    const { type } = notice.event
    history.recordEvent({
      atMs: Date.now(),
      kind: 'notice',
      detail: { type, route: notice.route, text: textOf(notice), outcome },
    })
    return delivery
  }
}

function textOf({ action, event }: Notice): string {
  return cut(`${action}: ${describe(event).title}`, 1000)
}

/** What people noted with `vedette notify change`. */
function takeChanges(
  store: LocalNotifyStore,
  { service, env }: Config,
  tell: (event: VedetteEvent) => void,
  { history, log }: Pick<LocalNotifyOptions, 'history' | 'log'>,
): void {
  try {
    for (const { atMs, text, url } of store.takeChanges()) {
      const detail = { text, ...(url !== undefined && { url }) }
      history.recordEvent({ atMs, kind: 'change', detail })
      tell({ service, ...(env !== undefined && { env }), type: 'change', atMs, ...detail })
    }
  } catch (error) {
    log('warn', 'notify.changes unread', { message: (error as Error).message })
  }
}

/**
 * What the engine knows of monitors that people have not been told, or told otherwise: a process may have died between the one
 * and the other, and the engine goes on in the state that it was in.
 */
function missed(
  engine: Pick<Engine, 'snapshot'>,
  notifier: Notifier,
  config: Config,
  history: LocalNotifyOptions['history'],
): VedetteEvent[] {
  const { incidents } = notifier.state
  const changes = new Map(
    history.read((reader) => reader.statesAt(Number.MAX_SAFE_INTEGER))?.map((one) => [one.monitor, one]),
  )
  return engine.snapshot().monitors.flatMap(({ id, state, sinceMs }) => {
    const monitor = config.monitors.find((one) => one.id === id)
    if (!monitor || state === 'pending') return []
    const isOpen = { down: keyOf(config, id) in incidents, degraded: keyOf(config, `${id}:degraded`) in incidents }
    const isTold = state === 'up' ? !isOpen.down && !isOpen.degraded : isOpen[state]
    if (isTold) return []
    const change = changes.get(id)
    const known = change?.to === state ? change : { firstAtMs: sinceMs }
    const event = monitorEvent(monitor, { to: state, atMs: Date.now(), firstAtMs: known.firstAtMs }, undefined, config)
    return [{ ...event, ...('cause' in known && state !== 'up' && { cause: known.cause }) } as VedetteEvent]
  })
}
