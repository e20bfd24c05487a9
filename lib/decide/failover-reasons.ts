import { formatDuration } from '../model/duration.ts'
import type { GuardCode, Why } from './failover-facts.ts'

/** One thing that a decision rests on. */
export type Reason =
  // What was measured, in the last round.
  | { code: 'needed'; fail: number; pass: number; voters: number; vantages: number }
  | { code: 'votes'; endpoint: string; active: boolean; up: string[]; down: string[]; none: string[] }
  /** `noVote`: it kept these vantages from voting. */
  | { code: 'cause'; endpoint: string; monitor: string; cause: string; vantages: string[]; noVote?: true }
  // The active endpoint.
  | { code: 'txt-unreadable' }
  | { code: 'active-unknown'; endpoint: string }
  | { code: 'blind'; votes: number; voters: number; silent: string[] }
  | { code: 'active-down'; endpoint: string; down: number; fail: number }
  | { code: 'active-not-down'; endpoint: string; down: number; fail: number }
  // Where traffic could go.
  | { code: 'chosen'; endpoint: string; why: Why; up: number; pass: number; activeUp: number; activeDown: number }
  | { code: 'sustain'; endpoint: string; sinceMs: number; heldMs: number; neededMs: number }
  | { code: 'no-target-yet'; untilMs: number }
  | { code: 'nothing-up'; endpoints: string[]; pass: number }
  | { code: 'no-better-target'; endpoints: string[]; activeUp: number }
  | { code: 'lacks-pass'; endpoint: string; up: number; pass: number }
  | { code: 'lacks-more'; endpoint: string; up: number; activeUp: number }
  | { code: 'lacks-as-many'; endpoint: string; up: number; activeUp: number }
  | { code: 'last-resort-spared'; endpoint: string; up: string[] }
  | { code: 'just-left'; endpoint: string; untilMs: number }
  // The way back.
  | { code: 'failback-manual'; endpoint: string }
  | { code: 'failback-cooldown'; endpoint: string; untilMs: number }
  | { code: 'failback-early'; endpoint: string; upForMs: number | undefined; neededMs: number }
  // Guards.
  | { code: 'locked'; by: 'txt' | 'table' | 'table-unreadable' }
  | { code: 'record-edited'; endpoint: string }
  | { code: 'record-unreadable'; endpoint: string }
  | { code: 'latched' }
  | { code: 'max-per-day'; switches: number; limit: number; sinceMs: number }
  | { code: 'max-concurrent'; wanting: number; limit: number }
  | { code: 'left-to-a-person'; guard: GuardCode }
  // Claims.
  | { code: 'claim-foreign'; to: string; expiresAtMs: number }
  | { code: 'claim-expired'; to: string; expiredAtMs: number; mine: boolean }
  | { code: 'claim-unfit'; to: string }
  | { code: 'claimed'; to: string; asked: string; expiresAtMs: number }
  // Persons.
  | { code: 'unknown-endpoint'; endpoint: string; known: string[] }
  | { code: 'already-active'; endpoint: string }
  | { code: 'target-not-up'; endpoint: string; up: number; pass: number }
  | { code: 'not-needed'; endpoint: string }

type Texts = { [Code in Reason['code']]: (reason: Extract<Reason, { code: Code }>) => string }

const whyTexts: Record<Why, string> = {
  failover: 'the active endpoint is down',
  'last-resort': 'the active endpoint is down and no other is up',
  failback: 'it is preferred and has been up for long enough',
  'take-over': 'a switch to it had begun and is carried on',
  request: 'a person asked for it',
}

const lockTexts = {
  txt: 'The failover is locked in its TXT record; `vedette failover unlock` opens it.',
  table: "The failover is locked in this controller's table; `vedette failover unlock` opens it.",
  'table-unreadable': 'This controller cannot read its table and therefore treats itself as locked.',
}

const texts: Texts = {
  needed: ({ fail, pass, voters, vantages }) =>
    `Of ${count(vantages)} it takes ${fail} that see the active endpoint down, ${pass} that see the target up, and ${voters} with a vote at all.`,
  votes: ({ endpoint, active, up, down, none }) =>
    `${endpoint}${active ? ' (active)' : ''}: up for ${list(up)}; down for ${list(down)}${none.length > 0 ? `; no vote from ${list(none)}` : ''}.`,
  cause: ({ monitor, cause, vantages, noVote }) =>
    `Why ${monitor} ${noVote ? 'has no vote from' : 'is down for'} ${list(vantages)}: ${cause}.`,
  'txt-unreadable': () =>
    'The TXT record is missing or cannot be read, so nobody knows what is active; `vedette failover adopt` writes it.',
  'active-unknown': ({ endpoint }) =>
    `The TXT record names ${endpoint} as active, which the configuration does not hold.`,
  blind: ({ votes, voters, silent }) =>
    `Blind: ${count(votes)} with a vote on the active endpoint, of ${voters} needed; no vote from ${list(silent)}.`,
  'active-down': ({ endpoint, down, fail }) => `${endpoint} is active and down for ${count(down)}, of ${fail} needed.`,
  'active-not-down': ({ endpoint, down, fail }) =>
    `${endpoint} is active and down for ${count(down)} only; a failover needs ${fail}.`,
  chosen: ({ endpoint, why, up, pass, activeUp, activeDown }) =>
    `${endpoint} is chosen, as ${whyTexts[why]}: up for ${count(up)}, of ${pass} needed; the active endpoint is up for ${activeUp} and down for ${activeDown}.`,
  sustain: ({ endpoint, sinceMs, heldMs, neededMs }) =>
    `The votes for ${endpoint} have held for ${formatDuration(heldMs)}, since ${time(sinceMs)}; ${formatDuration(neededMs)} are needed.`,
  'no-target-yet': ({ untilMs }) =>
    `No endpoint is fit to take over so far; they are asked again until ${time(untilMs)}.`,
  'nothing-up': ({ endpoints, pass }) =>
    `Nothing to move to: none of ${list(endpoints)} is up for ${count(pass)}, so traffic stays where it is.`,
  'no-better-target': ({ endpoints, activeUp }) =>
    `Nothing better to move to: the active endpoint is up for ${count(activeUp)}, and ${list(endpoints)} would not gain any.`,
  'lacks-pass': ({ endpoint, up, pass }) => `${endpoint} is up for ${count(up)}; a target needs ${pass}.`,
  'lacks-more': ({ endpoint, up, activeUp }) =>
    `${endpoint} is up for ${count(up)}; a target needs more than the ${activeUp} of the active endpoint.`,
  'lacks-as-many': ({ endpoint, up, activeUp }) =>
    `${endpoint} is up for ${count(up)}; the way back needs at least the ${activeUp} of the active endpoint.`,
  'last-resort-spared': ({ endpoint, up }) =>
    `${endpoint} is a last resort, not taken while another endpoint is up: ${list(up)}.`,
  'just-left': ({ endpoint, untilMs }) =>
    `Traffic has just left ${endpoint}: until ${time(untilMs)} any other endpoint that is up comes before it.`,
  'failback-manual': ({ endpoint }) =>
    `The way back to ${endpoint} is a person's: \`vedette failover to ${endpoint}\`.`,
  'failback-cooldown': ({ endpoint, untilMs }) =>
    `There is no way back to ${endpoint} before ${time(untilMs)}: cooldown.`,
  'failback-early': ({ endpoint, upForMs, neededMs }) =>
    `The way back to ${endpoint} needs it to be up for ${formatDuration(neededMs)}; it ${upForMs === undefined ? 'is not known to be up' : `has been for ${formatDuration(upForMs)}`}.`,
  locked: ({ by }) => lockTexts[by],
  'record-edited': ({ endpoint }) =>
    `The record is not what is declared for ${endpoint}: somebody edited it, and that is never overwritten.`,
  'record-unreadable': ({ endpoint }) =>
    `The record cannot be read, so nobody knows whether it still leads to ${endpoint}.`,
  latched: () => 'The failover is latched after too many moves; `vedette failover unlock` opens it.',
  'max-per-day': ({ switches, limit, sinceMs }) =>
    `It has moved by itself ${switches} of ${limit} times allowed in 24 hours, first at ${time(sinceMs)}.`,
  'max-concurrent': ({ wanting, limit }) =>
    `${wanting} failovers wanted to move within 5 minutes, this one included; beyond ${limit} the fault is more likely ours, so a person decides.`,
  'left-to-a-person': ({ guard }) => `The guard "${guard}" would hold, but a person decides here.`,
  'claim-foreign': ({ to, expiresAtMs }) =>
    `A switch to ${to} has begun, here or at the other controller: its claim holds until ${time(expiresAtMs)}, and nothing else moves it before.`,
  'claim-expired': ({ to, expiredAtMs, mine }) =>
    `The claim of ${mine ? 'this' : 'another'} controller for a switch to ${to}, dated until ${time(expiredAtMs)}, has expired: its hook may have run.`,
  'claim-unfit': ({ to }) =>
    `A switch to ${to} had begun, but ${to} is not fit now: a person has to look at what its hook has done.`,
  claimed: ({ to, asked, expiresAtMs }) =>
    `A switch to ${to} is under way until ${time(expiresAtMs)}; ask for ${asked} again after it.`,
  'unknown-endpoint': ({ endpoint, known }) => `There is no endpoint ${endpoint}; there are ${list(known)}.`,
  'already-active': ({ endpoint }) => `${endpoint} is active already.`,
  'target-not-up': ({ endpoint, up, pass }) =>
    `${endpoint} is up for ${count(up)}; nobody may move traffic to it below ${pass}.`,
  'not-needed': ({ endpoint }) => `The move to ${endpoint} was approved, but the votes no longer ask for it.`,
}

/** A reason in one plain sentence. */
export function reasonText(reason: Reason): string {
  // The table is complete by its type, which TypeScript cannot follow through an index.
  return (texts[reason.code] as (reason: Reason) => string)(reason)
}

function list(ids: readonly string[]): string {
  return ids.length ? ids.join(', ') : 'nobody'
}

function count(vantages: number): string {
  return `${vantages} ${vantages === 1 ? 'vantage' : 'vantages'}`
}

function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}
