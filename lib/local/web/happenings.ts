import { gistOf } from '../../decide/last-decision.ts'
import { whyNotMoved } from '../../decide/swap-outcome.ts'
import type { FailoverEvent } from '../../run/failover-event.ts'
import type { FailoverHappening, FailoverMove, FailoverNote } from './api/failovers.ts'
import { reasonsOf, targetOf } from './failover-view.ts'

type Of<Type extends FailoverEvent['type']> = Extract<FailoverEvent, { type: Type }>

const mostKept = 2000

/** What happened to failovers: events come in, moves with their steps and notes come out. */
export class Happenings {
  #all: FailoverHappening[] = []
  /** What the last decision of each failover came to. */
  readonly #said = new Map<string, string>()

  /** Takes in an event; gives what it began or changed, if that is worth telling. */
  take(event: FailoverEvent): FailoverHappening | undefined {
    switch (event.type) {
      case 'decided':
        return this.#decided(event)
      case 'swapped':
        return this.#swapped(event)
      case 'verified':
        return this.#verified(event)
      case 'page':
        return this.#note(event, 'page', event.pages.map(({ code, detail }) => `${code}: ${detail}`).join(' '))
      case 'failed':
        return this.#note(event, 'failed', `A decision broke: ${event.message.split('\n')[0]}`)
      case 'readiness':
        return this.#readiness(event)
      case 'locked':
      case 'unlocked':
      case 'adopted':
        return this.#asked(event)
      case 'drill':
        return this.#drill(event)
    }
  }

  /** The newest first. */
  latest(limit: number): FailoverHappening[] {
    return this.#all.slice(-limit).reverse()
  }

  /** Those of a range, oldest first. */
  within(fromMs: number, toMs: number): FailoverHappening[] {
    return this.#all.filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
  }

  #decided(event: Of<'decided'>): FailoverHappening | undefined {
    const { decision, failover, trigger, atMs, note } = event
    const said = gistOf(decision)
    const isRepeated = said === this.#said.get(failover)
    this.#said.set(failover, said)
    const reasons = reasonsOf(decision)
    const to = targetOf(decision)
    if (decision.kind === 'move') {
      const active = decision.reasons.find((reason) => reason.code === 'votes' && reason.active)
      const held = decision.reasons.find((reason) => reason.code === 'sustain' && reason.endpoint === decision.to)
      const steps = held?.code === 'sustain' ? [{ name: 'votes held', atMs: held.sinceMs, tookMs: held.heldMs }] : []
      return this.#add({
        ...{ kind: 'move', failover, atMs, to: decision.to, trigger, outcome: 'under way', steps, reasons },
        ...(active?.code === 'votes' && { from: active.endpoint }),
        ...(note !== undefined && { note }),
        text: `Moving to ${decision.to}.`,
      })
    }
    // While an endpoint is down a decision is made every minute.
    if (isRepeated) return undefined
    const where = to ? ` to ${to}` : ''
    if (decision.kind === 'refuse')
      return this.#note(event, 'refused', `Not moved${where}: ${decision.code}.`, reasons, decision.page)
    if (decision.kind === 'ask') return this.#note(event, 'asked', `A person is to approve a move${where}.`, reasons)
    if (decision.kind === 'report' && decision.would.kind !== 'stay')
      return this.#note(event, 'reported', `Would ${decision.would.kind}${where} (${decision.mode}).`, reasons, false)
    return undefined
  }

  #swapped({ failover, to, outcome, atMs, tookMs }: Of<'swapped'>): FailoverHappening {
    const move = this.#moveUnderWay(failover, to) ?? this.#unseenMove(failover, to, atMs - tookMs)
    const why = whyNotMoved(outcome)
    const isMoved = why === undefined
    move.outcome = isMoved ? 'moved' : 'not moved'
    move.steps.push({ name: 'record changed', atMs: atMs - tookMs, tookMs })
    move.text = isMoved ? `Moved to ${to}.` : `Not moved to ${to}: ${why}.`
    return move
  }

  #verified(event: Of<'verified'>): FailoverHappening | undefined {
    const { failover, to, problem } = event
    const move = this.#all.findLast(
      (one): one is FailoverMove => one.kind === 'move' && one.failover === failover && one.to === to,
    )
    if (!move || move.verification) return undefined
    move.steps.push(...verificationSteps(event))
    move.verification = { verified: problem === undefined, ...(problem !== undefined && { problem }) }
    move.text = problem === undefined ? `Moved to ${to}, verified.` : `Moved to ${to}, but: ${problem}`
    return move
  }

  #drill(event: Of<'drill'>): FailoverHappening {
    const { outcome, detail, left, steps, seen } = event
    const took = steps.map(({ step, tookMs }) => `${step}: ${tookMs} ms.`)
    const sights = seen.map(({ vantage, server, move, afterMs, says }) => {
      const what =
        afterMs === undefined ? `not in time${says === undefined ? '' : ` (${says})`}` : `after ${afterMs} ms`
      return `${vantage} saw the move ${move} at ${server} ${what}.`
    })
    const text = [`Drill ${outcome}: ${detail}`, ...(left === undefined ? [] : [left])].join(' ')
    return this.#note(event, 'drill', text, [...took, ...sights], outcome === 'failed' || left !== undefined)
  }

  #readiness(event: Of<'readiness'>): FailoverHappening {
    if (event.problems.length === 0) return this.#note(event, 'readiness', 'Ready again.', [], false)
    return this.#note(event, 'readiness', `Not ready: ${event.problems.map(({ detail }) => detail).join(' ')}`)
  }

  #asked(event: Of<'locked' | 'unlocked' | 'adopted'>): FailoverHappening {
    const { type, problem } = event
    const text = `${{ locked: 'Locked', unlocked: 'Unlocked', adopted: 'Adopted' }[type]} by a person`
    return this.#note(
      event,
      type,
      problem === undefined ? `${text}.` : `${text}, but: ${problem}`,
      [],
      problem !== undefined,
    )
  }

  #moveUnderWay(failover: string, to: string): FailoverMove | undefined {
    return this.#all.findLast(
      (one): one is FailoverMove =>
        one.kind === 'move' && one.failover === failover && one.to === to && one.outcome === 'under way',
    )
  }

  /** A move whose decision is no longer kept. */
  #unseenMove(failover: string, to: string, atMs: number): FailoverMove {
    const move = { kind: 'move', failover, atMs, to, trigger: 'vantage', outcome: 'under way', text: '' } as const
    return this.#add({ ...move, steps: [], reasons: [] }) as FailoverMove
  }

  #note(
    { failover, atMs }: FailoverEvent,
    kind: FailoverNote['kind'],
    text: string,
    reasons: string[] = [],
    isTrouble = true,
  ): FailoverHappening {
    return this.#add({ kind, failover, atMs, text, reasons, isTrouble })
  }

  #add(happening: FailoverHappening): FailoverHappening {
    this.#all.push(happening)
    if (this.#all.length > mostKept) this.#all = this.#all.slice(-mostKept / 2)
    return happening
  }
}

/** What verifying a move went through, one after the other; the last of them is where it ended. */
function verificationSteps({ atMs, inSyncMs, servedMs, answeredMs, problem }: Of<'verified'>): FailoverMove['steps'] {
  const reached = [
    { name: 'in sync', ms: inSyncMs },
    { name: 'served', ms: servedMs },
    { name: 'answered', ms: answeredMs },
  ].flatMap(({ name, ms }) => (ms === undefined ? [] : [{ name, ms }]))
  const beganMs = atMs - (reached.at(-1)?.ms ?? 0)
  const steps = reached.map(({ name, ms }, i) => {
    const sinceMs = reached[i - 1]?.ms ?? 0
    return { name, atMs: beganMs + sinceMs, tookMs: ms - sinceMs }
  })
  return problem === undefined && steps.length === 0 ? [{ name: 'verified', atMs, tookMs: 0 }] : steps
}
