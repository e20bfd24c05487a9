import { type Hours, type Weekday, weekdays } from '../model/route.ts'

const dayMinutes = 24 * 60

// Making one costs more than asking it; hours live as long as their config.
const formats = new Map<string, Intl.DateTimeFormat>()

/** Whether a time is within a route's hours, by the wall clock of their zone: on a day of change too, as people read it. */
export function inHours({ days, fromMinute, toMinute, timeZone }: Hours, nowMs: number): boolean {
  const { day, minute } = wallClock(timeZone, nowMs)
  const isDay = (index: number) => days.includes(weekdays[(index + weekdays.length) % weekdays.length] ?? 'MON')
  if (fromMinute < toMinute) return isDay(day) && minute >= fromMinute && minute < toMinute
  // Across midnight, or all day long: the part after midnight belongs to the day before.
  return (isDay(day) && minute >= fromMinute) || (isDay(day - 1) && minute < toMinute)
}

/** Day of the week from Monday on, and minutes since midnight. */
function wallClock(timeZone: string, nowMs: number): { day: number; minute: number } {
  let format = formats.get(timeZone)
  if (!format) {
    const parts = { weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
    format = new Intl.DateTimeFormat('en-US', { ...parts, timeZone })
    formats.set(timeZone, format)
  }
  const parts = new Map(format.formatToParts(new Date(nowMs)).map(({ type, value }) => [type, value]))
  const weekday = (parts.get('weekday') ?? '').toUpperCase()
  const minute = Number(parts.get('hour')) * 60 + Number(parts.get('minute'))
  return { day: weekdays.indexOf(weekday as Weekday), minute: minute % dayMinutes }
}
