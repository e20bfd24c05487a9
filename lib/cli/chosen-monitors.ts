import type { Config } from '../model/config.ts'
import type { Monitor } from '../model/monitor.ts'
import { didYouMean } from '../model/problem.ts'
import { UsageError } from './usage-error.ts'

/** Those of a config's monitors that were asked for by id; all where none was. Throws `UsageError` for an id that there is not. */
export function chosenMonitors({ monitors }: Pick<Config, 'monitors'>, ids: readonly string[] = []): Monitor[] {
  const known = monitors.map(({ id }) => id)
  refuseUnknown(ids, known, 'the config has')
  return ids.length === 0 ? monitors : monitors.filter(({ id }) => ids.includes(id))
}

/** Throws `UsageError` for the first id that is not among the known ones; `whose` begins the sentence that lists them. */
export function refuseUnknown(ids: readonly string[], known: readonly string[], whose: string): void {
  const unknown = ids.find((id) => !known.includes(id))
  if (unknown === undefined) return
  const all = `${whose} ${known.slice(0, 20).join(', ') || 'none'}${known.length > 20 ? ', …' : ''}`
  throw new UsageError(`no monitor has the id ${JSON.stringify(unknown)}: ${didYouMean(unknown, known) ?? all}`)
}
