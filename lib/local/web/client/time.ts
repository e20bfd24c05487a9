import { utcText } from '../../../model/figures.ts'
import { serverNow } from './clock.ts'
import { h, setText } from './dom.ts'
import { age } from './format.ts'

const clock = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const
const day = { day: 'numeric', month: 'short' } as const
const timeOnly = new Intl.DateTimeFormat('en-GB', clock)
const dayAndTime = new Intl.DateTimeFormat('en-GB', { ...day, ...clock })
const withYear = new Intl.DateTimeFormat('en-GB', { ...day, year: 'numeric', ...clock })

/** A time in the viewer's zone: of today without its day, of this year without its year. */
export function localTime(atMs: number): string {
  const [at, now] = [new Date(atMs), new Date()]
  if (at.toDateString() === now.toDateString()) return timeOnly.format(at)
  return (at.getFullYear() === now.getFullYear() ? dayAndTime : withYear).format(at)
}

/** As UTC, to hover over. */
export function utc(atMs: number): string {
  return `${utcText(atMs)} UTC`
}

/** A time in the viewer's zone, with UTC on hover. */
export function timeTag(atMs: number): HTMLTimeElement {
  return h('time', { datetime: new Date(atMs).toISOString(), title: utc(atMs) }, localTime(atMs))
}

/** A text of ours with its times, which are in UTC, as everywhere else: in the viewer's zone, with UTC on hover. */
export function withTimes(text: string): (string | HTMLTimeElement)[] {
  return text.split(/(\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)/).map((part, i) => {
    const atMs = i % 2 === 1 ? Date.parse(part) : Number.NaN
    return Number.isNaN(atMs) ? part : timeTag(atMs)
  })
}

/** How long ago something was; `keepAges` keeps it true. */
export function ageTag(atMs?: number): HTMLTimeElement {
  const tag = h('time', { class: 'age' })
  if (atMs !== undefined) setAge(tag, atMs)
  return tag
}

/** Makes an age count from another time. */
export function setAge(tag: HTMLTimeElement, atMs: number): void {
  if (tag.dataset.at === String(atMs)) return
  tag.dataset.at = String(atMs)
  tag.dateTime = new Date(atMs).toISOString()
  tag.title = `${localTime(atMs)} (${utc(atMs)})`
  setText(tag, age(serverNow() - atMs))
}

/** Every age on the page, once a second. */
export function keepAges(): void {
  setInterval(() => {
    const nowMs = serverNow()
    for (const tag of document.querySelectorAll<HTMLTimeElement>('time[data-at]')) {
      setText(tag, age(nowMs - Number(tag.dataset.at)))
    }
  }, 1000)
}
