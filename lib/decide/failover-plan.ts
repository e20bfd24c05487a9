import type { Config } from '../model/config.ts'
import {
  failoverConcurrency,
  failoverTimeoutSeconds,
  probeNowConcurrency,
  probeNowTimeoutSeconds,
} from './failover-function.ts'
import { failoverName, probeNowName } from './names.ts'
import { monthMinutes } from './prices.ts'

type Source = Pick<Config, 'service' | 'env' | 'vantages' | 'controllers' | 'monitors' | 'failovers'> &
  Partial<Pick<Config, 'allow'>>

/** A function of failovers in one region, and what it does while nothing happens. */
export interface PlannedFunction {
  name: string
  region: string
  /** The vantage that it answers for; absent where it decides. */
  vantage?: string
  timeoutSeconds: number
  /** Runs at once that are kept free for it; absent where it shares the account's. */
  reserved?: number
  callsPerMonth: number
  secondsPerMonth: number
}

/** Each failover's readiness is looked at so often. */
const looksPerMonth = monthMinutes / 10

/** Billed seconds of a tick, mostly a wait for a vantage that reads DNS; and what a look adds, whose calls are a second apart. */
const tickSeconds = 1
const lookSeconds = 3
/** Billed seconds of an answer of a vantage. */
const answerSeconds = 1

/** The functions of failovers: one at each vantage, one in each controller region; none without failovers. */
export function planFailovers(config: Source): PlannedFunction[] {
  const { vantages, controllers, failovers, allow = {} } = config
  if (failovers.length === 0) return []
  const reserved = (count: number) => (allow['shared-concurrency'] !== undefined ? {} : { reserved: count })
  const looks = failovers.length * looksPerMonth
  const isReadByDns = failovers.some((failover) => failover.switch === 'record')
  return [
    ...vantages.map((vantage, i): PlannedFunction => {
      // The first is asked each minute what the zones publish, and about their delegation; the others when it does not know.
      const asked = i === 0 && isReadByDns ? monthMinutes + looks : 0
      const calls = controllers.length * (looks + asked)
      return {
        ...{ name: probeNowName(config, vantage.id), region: vantage.region, vantage: vantage.id },
        ...{ timeoutSeconds: probeNowTimeoutSeconds(config), ...reserved(probeNowConcurrency(config)) },
        ...{ callsPerMonth: calls, secondsPerMonth: calls * answerSeconds },
      }
    }),
    ...controllers.map(
      (region): PlannedFunction => ({
        ...{ name: failoverName(config), region, timeoutSeconds: failoverTimeoutSeconds },
        ...{ ...reserved(failoverConcurrency(config)), callsPerMonth: monthMinutes },
        secondsPerMonth: monthMinutes * tickSeconds + looks * lookSeconds,
      }),
    ),
  ]
}

/** What the tables of all controllers are read and written while nothing happens, in units of DynamoDB. */
export function tableUnits({ controllers, failovers }: Source): { reads: number; writes: number } {
  const c = controllers.length
  const looks = failovers.length * looksPerMonth
  // Of items below 4 KB: one read is a unit, one write is one for each KB.
  return { reads: c * (failovers.length * monthMinutes + 3 * looks), writes: c * 4 * looks }
}
