/*
 * The thread that serves the dashboard. Questions to the history, compression, slow clients and a thousand rows of JSON keep
 * this thread busy, and so disturb no timing of a probe.
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { Log, LogLevel } from '../../run/log.ts'
import { HistoryAccess } from '../history-access.ts'
import type { FeedBatch, SiteSetup } from './feed.ts'
import { listenAt, type Place } from './listen.ts'
import { createSite } from './site.ts'

export interface WorkerOptions {
  setup: SiteSetup
  place: Place
  cacheFile: string
}

export type Request = { type: 'feed'; batch: FeedBatch } | { type: 'close' }

/** `taken` answers each batch. */
export type Reply =
  | { type: 'taken' }
  | { type: 'listening'; url: string }
  | { type: 'refused'; message: string }
  | { type: 'log'; level: LogLevel; event: string; fields: Record<string, unknown> | undefined }

const { setup, place, cacheFile } = workerData as WorkerOptions
const say = (reply: Reply) => parentPort?.postMessage(reply)
const log: Log = (level, event, fields) => say({ type: 'log', level, event, fields })
const site = createSite({ setup, history: new HistoryAccess(setup.historyPath, log), log, cacheFile })

parentPort?.on('message', async (request: Request) => {
  if (request.type === 'feed') {
    site.take(request.batch)
    say({ type: 'taken' })
  } else {
    await site.close()
    parentPort?.close()
  }
})

try {
  say({ type: 'listening', url: await listenAt(site.server, place) })
} catch (error) {
  say({ type: 'refused', message: (error as Error).message })
}
