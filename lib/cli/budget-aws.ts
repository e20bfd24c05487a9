import { patientCloudWatch, readVotes } from '../act/read-votes.ts'
import { longestWindowMs } from '../decide/budget.ts'
import { type Promised, reportOn, type SloReport, windowStart } from '../decide/budget-report.ts'
import { paceOf } from '../decide/burn-alarms.ts'
import { namespaceOf } from '../decide/names.ts'
import { addVotes, advance, emptyRing } from '../decide/vote-ring.ts'
import type { Config } from '../model/config.ts'
import { UsageError } from './usage-error.ts'

const [minuteMs, hourMs] = [60_000, 3_600_000]

/**
 * Reports by the votes in CloudWatch, at home, or at the standby where home does not answer; `problems` says so. What was
 * measured in maintenance is not told apart. Throws `UsageError` where neither answers.
 */
export async function awsReports(
  config: Config,
  monitors: readonly Promised[],
  times: { nowMs: number; sinceMs?: number },
): Promise<{ reports: SloReport[]; problems: string[] }> {
  if (config.controllers.length === 0)
    throw new UsageError('the config has no "controllers": there are no votes in AWS to look at')
  const problems: string[] = []
  for (const region of config.controllers) {
    try {
      return { reports: await readReports(region, config, monitors, times), problems }
    } catch (error) {
      problems.push(`${region}: ${(error as Error).name}: ${(error as Error).message}`)
    }
  }
  throw new UsageError(`the votes cannot be read:\n  ${problems.join('\n  ')}`)
}

async function readReports(
  region: string,
  config: Config,
  monitors: readonly Promised[],
  times: { nowMs: number; sinceMs?: number },
): Promise<SloReport[]> {
  const { nowMs } = times
  const ids = monitors.map(({ id }) => id)
  const fromMs = Math.min(...monitors.map(({ slo }) => windowStart(slo, nowMs)))
  const read = (start: number, periodMs: number) =>
    readVotes(patientCloudWatch(region), namespaceOf(config), ids, {
      fromMs: start,
      toMs: nowMs,
      periodSeconds: periodMs / 1000,
    })
  const recentMs = Math.floor((nowMs - longestWindowMs) / minuteMs) * minuteMs
  const [hours, minutes] = await Promise.all([read(fromMs, hourMs), read(recentMs, minuteMs)])
  return monitors.map((monitor) => {
    const ring = emptyRing(nowMs)
    for (const { startMs, ...votes } of minutes.get(monitor.id) ?? []) addVotes(ring, startMs, votes)
    advance(ring, nowMs)
    const all = hours.get(monitor.id) ?? []
    const { everyMs, places } = paceOf(monitor, config)
    const known = {
      ...{ ring, places, firstMs: all[0]?.startMs },
      hours: all
        .filter(({ startMs }) => startMs >= windowStart(monitor.slo, nowMs))
        .map((hour) => ({ ...hour, unknown: 0 })),
      maintenance: { ms: 0, good: 0, bad: 0 },
    }
    return reportOn({ ...monitor, everyMs }, known, times)
  })
}
