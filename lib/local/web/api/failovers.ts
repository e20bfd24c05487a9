import type { FailoverMode } from '../../../model/failover.ts'
import type { EngineState } from './engine.ts'

/** The answer of `/api/failovers`. */
export interface FailoversPage {
  eventId: string
  engine: EngineState
  /** Ids of the vantages that vote. */
  vantages: string[]
  failovers: FailoverView[]
  /** What happened, newest first: at most 200. */
  history: FailoverHappening[]
}

/** A failover as it stands. */
export interface FailoverView {
  id: string
  record: string
  zone: string
  ttlSeconds: number
  mode: FailoverMode
  /** No move by itself until a person unlocks it. (Latched after too many moves is said by readiness and by reasons.) */
  locked: boolean
  /** Id of the active endpoint; absent while it is not known. */
  active?: string
  /** How many vantages it takes: to see the active one down, the target up, and to have a vote at all. */
  quorum: { fail: number; pass: number; voters: number }
  endpoints: EndpointView[]
  /** Absent until it was looked at. No problems: ready. */
  readiness?: { atMs: number; problems: { code: string; detail: string }[] }
  /** Absent until the first decision. */
  last?: DecisionView
  /** The last decision before that which was more than to stay, and came to something else. */
  notable?: DecisionView
  /** `tookMs`: writing the record; `downForMs`: how long the failure had been seen by then, where there was one. */
  lastMove?: { atMs: number; to: string; tookMs: number; downForMs?: number; verified?: boolean }
  /** How to ask for the record where it is in a zone of this machine: `dig @127.0.0.1 -p 4455 api.example.com`. */
  dig?: string
}

export interface EndpointView {
  id: string
  region: string
  active: boolean
  lastResort: boolean
  /** Where it leads: `A 192.0.2.10`, `CNAME status.example.net`. */
  answer: string
  /** Ids of the monitors that check it. */
  monitors: string[]
  /** The votes of the last decision: ids of the vantages. `none` had no vote. */
  votes: { up: string[]; down: string[]; none: string[] }
  /** Why it is down, in the words of those who see it so. */
  causes?: string[]
}

export interface DecisionView {
  atMs: number
  /** `vantage`, `alarm`, `tick` or `person`. */
  trigger: string
  /** `stay`, `wait`, `move`, `ask`, `refuse` or `report` (of what it would have done). */
  kind: string
  /** Where it moves, or would. */
  to?: string
  /** Whether a person has to be woken. */
  page: boolean
  /** In words; what decided comes first. */
  reasons: string[]
  /** Why a decided move was not made; absent where it was, or is under way. */
  notMoved?: string
}

/** Something that happened to a failover. */
export type FailoverHappening = FailoverMove | FailoverNote

/** A move, or an attempt at one. */
export interface FailoverMove {
  kind: 'move'
  failover: string
  /** When it was decided. */
  atMs: number
  from?: string
  to: string
  trigger: string
  /** What a person said of it. */
  note?: string
  outcome: 'under way' | 'moved' | 'not moved'
  /** `verified`, or what was wrong; absent while it is not known. */
  verification?: { verified: boolean; problem?: string }
  /** What came of it in words. */
  text: string
  /** In order, each with its duration: votes held, record changed, in sync (Route 53), served, answered. */
  steps: { name: string; atMs: number; tookMs: number }[]
  reasons: string[]
}

/** All else: refusals, questions to a person, pages, readiness, drills, locks and adoptions. Repeated ones are told once. */
export interface FailoverNote {
  kind: 'refused' | 'asked' | 'reported' | 'page' | 'failed' | 'readiness' | 'drill' | 'locked' | 'unlocked' | 'adopted'
  failover: string
  atMs: number
  /** In words. */
  text: string
  reasons: string[]
  /** Whether it is trouble that a person should look at. */
  isTrouble: boolean
}
