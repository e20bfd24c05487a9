import type { Config } from '../model/config.ts'
import type { Monitor } from '../model/monitor.ts'
import { didYouMean } from '../model/problem.ts'
import { UsageError } from './usage-error.ts'

/** Those of a config's monitors that were asked for by id; all where none was. Throws `UsageError` for an id that there is not. */
export function chosenMonitors({ monitors }: Pick<Config, 'monitors'>, ids: readonly string[] = []): Monitor[] {
  const known = monitors.map(({ id }) => id)
  for (const id of ids) {
    if (known.includes(id)) continue
    const hint =
      didYouMean(id, known) ?? `the config has ${known.slice(0, 20).join(', ')}${known.length > 20 ? ', …' : ''}`
    throw new UsageError(`no monitor has the id ${JSON.stringify(id)}: ${hint}`)
  }
  return ids.length === 0 ? monitors : monitors.filter(({ id }) => ids.includes(id))
}
