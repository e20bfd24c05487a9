import { probe } from '../probe/probes.ts'
import { environmentSecrets } from './secrets.ts'
import { createSelfCheck } from './self-check.ts'
import type { VantageHost } from './vantage.ts'

/** The host of monitors that run on this machine, under the vantage id given. */
export function localHost(options: {
  vantage: string
  version: string
  resolver?: string
  selfCheck: string[]
}): VantageHost {
  const deps = {
    now: () => performance.now(),
    wallClock: () => Date.now(),
    userAgent: `vedette/${options.version}`,
    ...(options.resolver && { resolver: options.resolver }),
  }
  return {
    vantage: options.vantage,
    deps,
    probe,
    secret: environmentSecrets,
    isConnected: createSelfCheck(options.selfCheck, deps),
  }
}
