import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ProbeResult } from '../../lib/model/result.ts'
import { publish } from '../../lib/run/publish.ts'

const result = (more: Partial<ProbeResult>): ProbeResult => ({
  monitor: 'm',
  kind: 'http',
  vantage: 'v',
  status: 'down',
  startedAt: '2026-11-21T10:00:00.000Z',
  durationMs: 1,
  attempts: 1,
  phases: {},
  observed: {},
  ...more,
})
const failed = (message: string) => result({ failure: { code: 'ASSERTION', stage: 'assert', message } })

describe('redaction', () => {
  test('no secret survives in anything that a peer said, in any form', () => {
    // The mark keeps a secret from being a piece of the texts around it.
    const secret = fc.string({ unit: 'grapheme' }).map((text) => `¤¤¤${text}`)
    const around = fc.string({ unit: 'grapheme-ascii' })
    fc.assert(
      fc.property(secret, around, around, (hidden, before, after) => {
        const forms = [
          hidden,
          encodeURIComponent(hidden),
          JSON.stringify(hidden),
          btoa(unescape(encodeURIComponent(hidden))),
        ]
        const headers = Object.fromEntries(forms.map((form, i) => [`x-${i}`, `${before}${form}${after}`]))
        const published = JSON.stringify(publish({ ...failed(`got ${hidden}`), observed: { headers } }, [hidden]))
        for (const form of ['¤¤¤', encodeURIComponent('¤¤¤'), btoa(unescape(encodeURIComponent(hidden)))])
          expect(published).not.toContain(form)
      }),
    )
  })

  test('what is left of a secret where a text was cut is blotted out too', () => {
    const secrets = ['0123456789abcdef']
    expect(publish(failed('got "abc 0123456789ab…'), secrets).failure?.message).toBe('got "abc [secret]…')
    expect(publish(failed('…89abcdef and more'), secrets).failure?.message).toBe('…[secret] and more')
    expect(publish(failed('…012 0123…'), secrets).failure?.message).toBe('…012 [secret]…')
  })

  test('the words of a result are its own, whatever a secret or a cookie is', () => {
    const cookies = ['a=degraded', 'b=2026-11-21', 'c=ASSERTION', 'd=statusCode', 'e=checkout-page']
    const observed = { statusCode: 500, headers: { 'set-cookie': cookies } }
    const given = {
      ...failed('expected a 2xx status, got 500'),
      monitor: 'checkout-page',
      status: 'degraded' as const,
      observed,
    }
    const published = publish(given, ['degraded', 'down', '2026', 'ASSERTION', 'statusCode', 'assert'])
    expect(published).toMatchObject({ monitor: 'checkout-page', status: 'degraded', startedAt: given.startedAt })
    expect(published.failure).toMatchObject({ code: 'ASSERTION', stage: 'assert' })
    expect(published.observed).toMatchObject({ statusCode: 500 })
  })

  test('a cookie is blotted out in its header and in messages', () => {
    const observed = { headers: { 'set-cookie': 'sid=0123456789abcdef; Path=/' } }
    const published = publish({ ...failed('got "sid=0123456789abcdef; Path=/"'), observed }, [])
    expect(published.observed).toEqual({ headers: { 'set-cookie': 'sid=[secret]; Path=/' } })
    expect(published.failure?.message).toBe('got "sid=[secret]; Path=/"')
  })
})

test('what a peer floods us with is cut', () => {
  const headers = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`x-${i}`, 'y'.repeat(10_000)]))
  const observed = publish(result({ observed: { headers } }), []).observed as { headers: Record<string, string> }
  expect(Object.keys(observed.headers)).toHaveLength(100)
  expect(observed.headers['x-0']).toHaveLength(4097)
})

test('a hostile cookie costs no time', () => {
  const cookie = `a=${'x'.repeat(4000)}`
  const started = performance.now()
  publish(
    {
      ...failed('x'.repeat(4000).concat('…').repeat(50)),
      observed: { headers: { 'set-cookie': Array(50).fill(cookie) } },
    },
    [],
  )
  expect(performance.now() - started).toBeLessThan(20_000)
})
