import path from 'node:path'
import type { RouteHealth } from '../decide/route-health.ts'
import type { Engine } from '../local/engine.ts'
import { type Dashboard, startDashboard } from '../local/web/dashboard.ts'
import { type Place, PlaceError, placeOf } from '../local/web/listen.ts'
import type { Config } from '../model/config.ts'
import type { Log } from '../run/log.ts'
import { UsageError } from './usage-error.ts'
import { version } from './version.ts'

export interface DashboardFlags {
  /** False for none. */
  dashboard?: boolean
  /** host:port. */
  listen?: string
  token?: string
}

/** Where the dashboard is to be, and who may read it; undefined for none. */
export type DashboardChoice = { place: Place; token?: string } | undefined

/** What the flags, and VEDETTE_TOKEN, say. Throws `UsageError` where it may not be so. */
export function chooseDashboard({ dashboard, listen, token }: DashboardFlags): DashboardChoice {
  if (dashboard === false) return undefined
  const given = token ?? (process.env.VEDETTE_TOKEN || undefined)
  return asUsage(() => ({ place: placeOf(listen, given), ...(given !== undefined && { token: given }) }))
}

/** Starts it. Rejects with `UsageError` where the place that was asked for is taken; any other trouble costs the dashboard alone. */
export async function openDashboard(
  choice: NonNullable<DashboardChoice>,
  watched: { config: Config; engine: Engine; historyPath: string; log: Log; routes?(): RouteHealth[] },
): Promise<Dashboard | undefined> {
  const cacheFile = path.join('.vedette', 'dashboard.json')
  try {
    return await startDashboard({ ...choice, ...watched, cacheFile, version })
  } catch (error) {
    if (error instanceof PlaceError && !choice.place.isDefault) throw new UsageError(error.message)
    watched.log('error', 'dashboard.gone', { message: (error as Error).message })
    return undefined
  }
}

function asUsage<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw error instanceof PlaceError ? new UsageError(error.message) : error
  }
}
