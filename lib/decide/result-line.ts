import { isWell, type ProbeResult, type Status } from '../model/result.ts'

/** What a result that changes nothing takes in the log, at most; it is what logs cost. */
export const shortLineBytes = 250

/** A line that CloudWatch Logs takes whole (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html), with room to spare. */
const longestLine = 200_000

/** Certificates that are this near their end are named in every line. */
const certificateDaysShown = 30

/**
 * A result as one line of JSON: short while it goes on being well, whole on every failure and every change. `was` is the
 * status before, if there was one.
 */
export function resultLine(result: ProbeResult, was: Status | undefined): string {
  const hasChanged = was !== undefined && was !== result.status
  return isWell(result.status) && !hasChanged ? shortLine(result) : wholeLine(result, hasChanged ? was : undefined)
}

function shortLine({
  monitor,
  vantage,
  status,
  durationMs,
  startedAt,
  attempts,
  phases,
  observed,
}: ProbeResult): string {
  const days = 'certificate' in observed ? observed.certificate?.daysRemaining : undefined
  const core = {
    ...{ monitor, vantage, status, durationMs: tenths(durationMs), startedAt },
    ...(attempts > 1 && { attempts }),
    ...(days !== undefined && days < certificateDaysShown && { certificateDays: days }),
  }
  const shown = Object.fromEntries(Object.entries(phases).map(([phase, ms]) => [phase, tenths(ms)]))
  // Ids may be long. What is left out then is in the line of the next change.
  const forms = [{ ...core, phases: shown }, core, { monitor, vantage, status, durationMs: core.durationMs, startedAt }]
  const lines = forms.map((form) => JSON.stringify(form))
  return lines.find((line) => line.length <= shortLineBytes) ?? (lines.at(-1) as string)
}

function wholeLine(result: ProbeResult, was: Status | undefined): string {
  const { monitor, kind, vantage, status, ...rest } = result
  // Among the first: Logs Insights finds a limited number of fields in a line.
  const said = { monitor, kind, vantage, status, ...(was && { was }), ...rest }
  const line = JSON.stringify(said)
  return line.length <= longestLine ? line : JSON.stringify({ ...said, observed: {} })
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10
}
