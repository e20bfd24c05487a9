import { writeFileSync } from 'node:fs'
import type { ProbeResult, Status } from '../model/result.ts'
import { createHost } from '../run/host.ts'
import { pool } from '../run/pool.ts'
import { runMonitor } from '../run/vantage.ts'
import { resultTable } from './check-table.ts'
import { chosenMonitors } from './chosen-monitors.ts'
import { junitReport } from './junit.ts'
import { loadConfig } from './load-config.ts'
import type { Output } from './output.ts'
import { UsageError } from './usage-error.ts'
import { count } from './validate.ts'
import { version } from './version.ts'
import { warmUp } from './warm-up.ts'

export interface CheckOptions {
  config?: string
  monitor?: string[]
  json?: boolean
  junit?: string
  strict?: boolean
}

/** Bounds sockets and memory; far more than any probe waits for another. */
const maxParallel = 250

/** `vedette check`: runs every monitor once, from here. 0 all up, 1 something down (or, with `strict`, less than up). */
export async function check(options: CheckOptions, output: Output): Promise<number> {
  const config = await loadConfig(options.config)
  const monitors = chosenMonitors(config, options.monitor)
  const host = createHost({ vantage: 'local', version, ...config })
  await warmUp().catch(() => {})
  let done = 0
  const progress = () => output.progress(`${done} of ${count(monitors.length, 'monitor')} checked …`)
  progress()
  const results = await pool(monitors, maxParallel, async (monitor) => {
    const result = await runMonitor(monitor, host)
    done++
    progress()
    return result
  })
  output.progress('')
  if (options.junit) writeReport(options.junit, junitReport(config.service, results))
  if (options.json) output.out(JSON.stringify({ results }))
  else output.out(resultTable(config.service, results, output.columns))
  return exitCode(results, options.strict ?? false)
}

function writeReport(file: string, report: string): void {
  try {
    writeFileSync(file, report)
  } catch (error) {
    throw new UsageError(`--junit: ${file} cannot be written: ${(error as Error).message}`)
  }
}

function exitCode(results: ProbeResult[], strict: boolean): number {
  const bad: Status[] = strict ? ['down', 'degraded', 'unknown'] : ['down']
  return results.some(({ status }) => bad.includes(status)) ? 1 : 0
}
