import { probe } from '../probe/probes.ts'
import { environmentSecrets, type SecretSource } from './secrets.ts'
import { createSelfCheck } from './self-check.ts'
import type { VantageHost } from './vantage.ts'

/** A place that runs monitors under the vantage id given, with the clocks and the network of this process. */
export function createHost(options: {
  vantage: string
  version: string
  resolver?: string
  selfCheck: string[]
  /** Where secrets come from; the environment alone unless said otherwise. */
  secret?: SecretSource
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
    secret: options.secret ?? environmentSecrets,
    isConnected: createSelfCheck(options.selfCheck, deps),
  }
}
