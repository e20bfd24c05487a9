import { formatDuration } from '../model/duration.ts'

export const minuteMs = 60_000

/** Where a vantage stands among the others: `index` of `count`. */
export interface Place {
  index: number
  count: number
}

/**
 * The expression of a shard's schedule (https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html). Whole
 * minutes that divide an hour or a day are cron, so that runs fall on the alarms' periods, each vantage in a minute of its
 * own where the interval has enough of them; other intervals are a rate. Below a minute one invocation a minute runs all slots.
 */
export function scheduleExpression(everyMs: number, place: Place): string {
  const minutes = Math.max(1, everyMs / minuteMs)
  const shift = Math.floor((minutes * place.index) / place.count)
  if (60 % minutes === 0) return `cron(${minutesOfHour(shift, minutes)} * * * ? *)`
  if (minutes % 60 === 0 && 24 % (minutes / 60) === 0)
    return `cron(${shift % 60} ${hoursOfDay(Math.floor(shift / 60), minutes / 60)} * * ? *)`
  return `rate(${minutes} minutes)`
}

const minutesOfHour = (from: number, step: number) => (step === 60 ? `${from}` : step === 1 ? '*' : `${from}/${step}`)
const hoursOfDay = (from: number, step: number) => (step === 24 ? `${from}` : step === 1 ? '*' : `${from}/${step}`)

/**
 * When a loop below a minute that was scheduled for a minute runs, in wall-clock milliseconds. Scheduler fires anywhere
 * within that minute, so it owns the slots of the minute after it, evenly spaced, each vantage shifted by its place.
 */
export function slotsOf(everyMs: number, scheduledMs: number, place: Place): number[] {
  const first = minuteOfVotes(everyMs, scheduledMs) + (everyMs * place.index) / place.count
  return Array.from({ length: minuteMs / everyMs }, (_, i) => first + i * everyMs)
}

/** The minute that the votes of an invocation count for. */
export function minuteOfVotes(everyMs: number, scheduledMs: number): number {
  return everyMs < minuteMs ? scheduledMs + minuteMs : scheduledMs
}

/** Why an interval cannot be scheduled in AWS, if it cannot: slots must fill a minute, or be whole minutes. */
export function intervalProblem(everyMs: number): string | undefined {
  const fits = everyMs < minuteMs ? everyMs >= leastEveryMs && minuteMs % everyMs === 0 : everyMs % minuteMs === 0
  if (fits) return undefined
  return `in AWS, a divisor of a minute from ${formatDuration(leastEveryMs)} on ("5s", "10s", "15s", "20s", "30s"), or whole minutes`
}

const leastEveryMs = 5000
