import type { AlarmChange, AlarmNow } from '../act/read-alarms.ts'
import { type AlarmMeaning, alarmMeanings } from '../decide/alarm-meanings.ts'
import { prefixOf } from '../decide/names.ts'
import type { Config } from '../model/config.ts'
import { UsageError } from './usage-error.ts'

/** What is read of the alarms of a controller region, and where it was read. */
export interface ReadFrom<T> {
  region: string
  found: T[]
  meanings: Record<string, AlarmMeaning>
  /** Regions before it that did not answer, and why. */
  problems: string[]
}

/** Reads home's alarms, or the standby's where home does not answer. Throws `UsageError` where neither does. */
export async function readControllers<T extends AlarmNow | AlarmChange>(
  config: Config,
  read: (region: string, prefix: string) => Promise<T[]>,
): Promise<ReadFrom<T>> {
  if (config.controllers.length === 0)
    throw new UsageError('the config has no "controllers": there are no alarms in AWS to look at')
  const problems: string[] = []
  for (const region of config.controllers) {
    try {
      const found = await read(region, `${prefixOf(config)}-`)
      return { region, found, meanings: alarmMeanings(config, region), problems }
    } catch (error) {
      problems.push(`${region}: ${(error as Error).name}: ${(error as Error).message}`)
    }
  }
  throw new UsageError(`the alarms cannot be read:\n  ${problems.join('\n  ')}`)
}

/** What an open alarm means, in a word for a list. */
export function wordOf(meaning: AlarmMeaning): string {
  switch (meaning.is) {
    case 'notReady':
      return 'not ready'
    case 'nothing':
      return ''
    default:
      return meaning.is
  }
}

/** What it is about. */
export function subjectOf(meaning: AlarmMeaning): string {
  switch (meaning.is) {
    case 'down':
    case 'slow':
    case 'burning':
      return meaning.monitor
    case 'blind':
      return meaning.vantage
    case 'notReady':
      return `failover ${meaning.failover}`
    case 'silent':
      return `controller ${meaning.controller}`
    case 'certificate':
      return 'certificates'
    case 'fault':
      return meaning.part
    default:
      return 'vedette'
  }
}
