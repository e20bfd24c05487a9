import type { Secret } from './monitor.ts'

export const weekdays = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'] as const
export type Weekday = (typeof weekdays)[number]

/** The hours in which a route takes what is new; `from` after `to` means across midnight, on the day that it begins. */
export interface Hours {
  days: Weekday[]
  /** Minutes since midnight. */
  fromMinute: number
  toMinute: number
  timeZone: string
}

/** How urgent something is: it wakes someone, or it can wait for the morning. */
export type Severity = 'page' | 'ticket'

interface RouteBase {
  /** Unique; `page-1`, `ticket-2` and so on where the config has none. */
  name: string
  /** Takes only incidents of monitors that have one of these; everything where absent. */
  tags?: string[]
  /** Never takes incidents of monitors that have one of these. */
  mute: string[]
  hours?: Hours
}

/** Where people are told. Keys and addresses that are secrets are references, or texts that are never printed. */
export type Route<S = Secret> = RouteBase &
  (
    | { kind: 'pagerduty'; routingKey: S; url: string }
    | { kind: 'slack'; webhook: S }
    | { kind: 'slack'; token: S; channel: string; url: string }
    | { kind: 'webhook'; url: S; secret?: S }
    | { kind: 'sns'; topicArn: string }
  )

export type Routes = Record<Severity, Route[]>

/** Pages that people want to find in a message; `{monitor}` and `{service}` in them are filled in. */
export interface Links {
  dashboard?: string
  logs?: string
  runbook?: string
}

/** How people are told. */
export interface NotifySettings {
  /** What is still open is said again this often; never where absent. */
  remindMs?: number
  /** Each route gets a sign of life this often; none where absent. */
  heartbeatMs?: number
  /** More than `count` new alerts on one route `withinMs` are told as one. */
  storm: { count: number; withinMs: number }
  /** Nobody is alerted of monitors that have one of these tags. */
  mute: string[]
  links: Links
}
