import { describe, expect, test } from 'vitest'
import { initialNotifyState } from '../../lib/decide/notice.ts'
import { CertificateWatch } from '../../lib/local/certificate-watch.ts'
import { openNotifyStore } from '../../lib/local/notify-store.ts'
import { SightWatch } from '../../lib/local/sight-watch.ts'
import type { VedetteEvent } from '../../lib/model/event.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import { temporaryFolder } from '../support/history.ts'
import { failedResult, httpResult } from '../support/results.ts'

const minute = 60_000
const config = parseConfig({
  service: 'shop',
  monitors: [
    { id: 'plain', kind: 'http', url: 'https://a.example.com/' },
    {
      id: 'own',
      kind: 'http',
      url: 'https://b.example.com/',
      expect: [{ source: 'certificate.daysRemaining', op: 'gt', value: 20, level: 'degraded' }],
    },
  ],
})

function listener() {
  const events: VedetteEvent[] = []
  return {
    tell: (event: VedetteEvent) => void events.push(event),
    types: () => events.splice(0).map(({ type }) => type),
  }
}

function withDays(monitor: string, daysRemaining: number) {
  const result = httpResult(monitor, 0)
  const certificate = 'certificate' in result.observed ? result.observed.certificate : undefined
  if (!certificate) throw new Error('expected a certificate')
  return { ...result, observed: { ...result.observed, certificate: { ...certificate, daysRemaining } } }
}

describe('a certificate', () => {
  test('that ends soon is told once, and once it is renewed', () => {
    const { tell, types } = listener()
    const watch = new CertificateWatch(config, tell)
    for (const days of [90, 90, 19, 18, 90, 90]) watch.take(withDays('plain', days))
    expect(types()).toEqual(['certificate.renewed', 'certificate.expiring', 'certificate.renewed'])
  })

  test('of a monitor with an assertion of its own is that one to tell', () => {
    const { tell, types } = listener()
    new CertificateWatch(config, tell).take(withDays('own', 1))
    expect(types()).toEqual([])
  })
})

describe('a place', () => {
  test('that has had no vote for three minutes is blind, until it has one again', () => {
    const { tell, types } = listener()
    const watch = new SightWatch(config, tell)
    const failure = { code: 'SELF', stage: 'connect', message: 'none of the self-check targets answers' } as const
    watch.take(httpResult('plain', 0))
    watch.look(minute)
    for (const at of [minute, 2 * minute]) watch.take(failedResult('plain', at, { status: 'unknown', failure }))
    watch.look(3 * minute - 1)
    expect(types()).toEqual(['vantage.seeing'])
    watch.look(3 * minute)
    watch.look(4 * minute)
    expect(types()).toEqual(['vantage.blind'])
    watch.take(failedResult('plain', 4 * minute))
    expect(types()).toEqual(['vantage.seeing'])
  })

  test('that has not run anything yet is not blind', () => {
    const { tell, types } = listener()
    new SightWatch(config, tell).look(60 * minute)
    expect(types()).toEqual([])
  })
})

describe('the file of what was told', () => {
  test('keeps the state across openings, and takes no write over another', async () => {
    const file = `${temporaryFolder()}/x.notify.db`
    const one = openNotifyStore(file)
    expect(await one.load()).toBeUndefined()
    expect(await one.save({ ...initialNotifyState(0), lost: 7 }, 1)).toBe('saved')
    const two = openNotifyStore(file)
    expect(await two.load()).toMatchObject({ version: 1, state: { lost: 7 } })
    expect([await two.save(initialNotifyState(0), 2), await one.save(initialNotifyState(0), 2)]).toEqual([
      'saved',
      'conflict',
    ])
    one.close()
    two.close()
  })

  test('hands on what people changed, each once and in order', () => {
    const store = openNotifyStore(':memory:')
    store.addChange({ atMs: 1, text: 'one' })
    store.addChange({ atMs: 2, text: 'two', url: 'https://ci.example.com/2' })
    expect(store.takeChanges().map(({ text }) => text)).toEqual(['one', 'two'])
    expect(store.takeChanges()).toEqual([])
    for (let i = 0; i < 150; i++) store.addChange({ atMs: i, text: `${i}` })
    expect(store.takeChanges()).toHaveLength(100)
    store.close()
  })
})
