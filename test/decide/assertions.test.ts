import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { judgeAssertions } from '../../lib/decide/assertions.ts'
import type { Assertion, Monitor } from '../../lib/model/monitor.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import type { HttpObserved, Observation } from '../../lib/model/result.ts'

type Written = Omit<Assertion, 'level'> & { level?: Assertion['level'] }

function monitorWith(...expected: Written[]): Monitor {
  const config = parseConfig({
    service: 'test',
    monitors: [{ id: 'm', kind: 'http', url: 'http://x.test/', expect: expected }],
  })
  return config.monitors[0] as Monitor
}

const reply = (more: Partial<Observation<HttpObserved>> = {}): Observation<HttpObserved> => ({
  phases: { connect: 1.5 },
  observed: { statusCode: 200, headers: { age: '10', 'cache-control': 'no-store, private' }, bodyBytes: 2 },
  body: '{}',
  ...more,
})

const judge = (observation: Observation, ...expected: Written[]) =>
  judgeAssertions(monitorWith(...expected), observation, 100)
const judgeJson = (value: unknown, path: string, op: Assertion['op'], expected?: Assertion['value']) =>
  judge(reply({ body: JSON.stringify(value) }), {
    source: 'json',
    path,
    op,
    ...(expected !== undefined && { value: expected }),
  })

describe('operators', () => {
  test.each<[unknown, Assertion['op'], Assertion['value'] | undefined, boolean]>([
    ['ok', 'eq', 'ok', true],
    ['ok', 'neq', 'ok', false],
    [1, 'eq', 1.0, true],
    [1, 'eq', '1', false],
    [true, 'eq', true, true],
    [null, 'eq', null, true],
    [5, 'lt', 6, true],
    [5, 'lt', 5, false],
    [5, 'lte', 5, true],
    [5.5, 'gt', 5, true],
    [5, 'gte', 6, false],
    ['b', 'in', ['a', 'b'], true],
    ['c', 'in', ['a', 'b'], false],
    ['hello', 'contains', 'ell', true],
    ['hello', 'notContains', 'ell', false],
    ['hello', 'matches', '^h.*o$', true],
    ['hello', 'notMatches', '^x', true],
    [['a', 'b'], 'equals', ['b', 'a'], true],
    [['a', 'b'], 'equals', ['a'], false],
    [['a', 'b'], 'includes', 'a', true],
    [['a', 'b'], 'includes', ['a', 'c'], false],
    [['a', 'b'], 'contains', 'a', true],
    [[1, 2, 3], 'lt', 4, true],
    [[1, 2, 30], 'lt', 4, false],
    [{ a: 1 }, 'exists', undefined, true],
    [null, 'exists', undefined, true],
    ['x', 'lt', 5, false],
    [{}, 'gt', 0, false],
  ])('%j %s %j is %s', (value, op, expected, holds) => {
    expect(judgeJson({ value }, '$.value', op, expected).status).toBe(holds ? 'up' : 'down')
  })

  test('the negations are exact opposites on whatever is there', () => {
    const json = fc.jsonValue().filter((value) => value !== undefined)
    const pairs = [
      ['eq', 'neq'],
      ['contains', 'notContains'],
      ['matches', 'notMatches'],
    ] as const
    fc.assert(
      fc.property(
        json,
        fc.constantFrom(...pairs),
        fc.string({ unit: fc.constantFrom('a', 'b', '1') }),
        (value, [op, negation], text) => {
          expect(judgeJson({ value }, '$.value', op, text).status).not.toBe(
            judgeJson({ value }, '$.value', negation, text).status,
          )
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('paths', () => {
  test.each<[unknown, string, unknown]>([
    [{ a: { b: 1 } }, '$.a.b', 1],
    [{ a: [1, { b: 2 }] }, '$.a[1].b', 2],
    [{ 'a key': 3 }, "$['a key']", 3],
    [[4], '$[0]', 4],
    [5, '$', 5],
  ])('in %j, %s is %j', (value, path, expected) => {
    expect(judgeJson(value, path, 'eq', expected as number).status).toBe('up')
  })

  test.each<[unknown, string, string]>([
    [{ a: null }, '$.a.b', 'no $.a.b: $.a is null'],
    [{ a: { b: 1 } }, '$.a[0]', 'no $.a[0]: $.a is {"b":1}'],
    [{ a: 1 }, '$.b', 'no $.b in {"a":1}'],
    [[1], '$[1]', 'no $[1] in [1]'],
    [{ a: 'text' }, '$.a.length', 'no $.a.length: $.a is "text"'],
    [{}, '$.constructor', 'no $.constructor in {}'],
  ])('in %j, %s fails and prints what was there', (value, path, got) => {
    for (const op of ['exists', 'eq', 'neq', 'contains', 'notContains', 'lt'] as const) {
      const expected = op === 'exists' ? undefined : op === 'lt' ? 1 : 'x'
      expect(judgeJson(value, path, op, expected)).toMatchObject({ status: 'down', failed: [{ got }] })
    }
    expect(judgeJson(value, path, 'notExists').status).toBe('up')
  })

  test.each(['[', '{"a":'])('JSON nested without end in %s fails as an assertion, whatever is asked of it', (open) => {
    const body = `${open.repeat(50_000)}1${(open === '[' ? ']' : '}').repeat(50_000)}`
    for (const [path, op, value] of [
      ['$', 'exists', undefined],
      ['$', 'contains', 'x'],
      ['$', 'notContains', 'x'],
      ['$.b', 'eq', 1],
      ['$[7]', 'eq', 1],
    ] as const) {
      const verdict = judge(reply({ body }), { source: 'json', path, op, ...(value !== undefined && { value }) })
      expect(verdict).toMatchObject({ status: 'down', failure: { code: 'ASSERTION' } })
    }
  })

  test('a body that is no JSON fails as an assertion', () => {
    const verdict = judge(reply({ body: '<html>' }), { source: 'json', path: '$.a', op: 'eq', value: 1 })
    expect(verdict.failure).toMatchObject({ code: 'ASSERTION', message: expect.stringContaining('no JSON: "<html>"') })
    for (const body of ['<html>', '']) {
      expect(judge(reply({ body }), { source: 'json', path: '$.a', op: 'notExists' }).status).toBe('down')
    }
  })

  test('no body, no path and no operator ever throws', () => {
    const written = fc.record({
      path: fc.constantFrom('$', '$.a', '$.a.b[0]', "$['x y']", '$[3]'),
      op: fc.constantFrom(
        'eq',
        'neq',
        'lt',
        'contains',
        'notMatches',
        'matches',
        'includes',
        'equals',
        'exists',
        'notExists',
      ),
    }) as fc.Arbitrary<Pick<Written, 'path' | 'op'> & { path: string }>
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), written, (body, { path, op }) => {
        const value = op === 'exists' || op === 'notExists' ? {} : { value: op === 'lt' ? 1 : 'a' }
        expect(['up', 'down']).toContain(judge(reply({ body }), { source: 'json', path, op, ...value }).status)
      }),
      { numRuns: 5000 },
    )
  })
})

describe('sources', () => {
  test.each<[Written, boolean]>([
    [{ source: 'status', op: 'eq', value: 200 }, true],
    [{ source: 'duration', op: 'lte', value: 100 }, true],
    [{ source: 'phases.connect', op: 'lt', value: '1ms' }, false],
    [{ source: 'phases.tls', op: 'lt', value: '1ms' }, false],
    [{ source: 'header', name: 'Cache-Control', op: 'contains', value: 'no-store' }, true],
    [{ source: 'header', name: 'cache-control', op: 'includes', value: 'private' }, true],
    [{ source: 'header', name: 'age', op: 'lt', value: 11 }, true],
    [{ source: 'header', name: 'x-none', op: 'exists' }, false],
    [{ source: 'header', name: 'x-none', op: 'notExists' }, true],
    [{ source: 'body', op: 'eq', value: '{}' }, true],
    [{ source: 'bodyBytes', op: 'eq', value: 2 }, true],
    [{ source: 'certificate.daysRemaining', op: 'gt', value: 1 }, false],
  ])('%j holds: %s', (assertion, holds) => {
    expect(judge(reply(), assertion).status).toBe(holds ? 'up' : 'down')
  })

  test('a status that nobody asserts must be 2xx', () => {
    expect(judge(reply({ observed: { statusCode: 302 } }), { source: 'body', op: 'exists' }).status).toBe('down')
    expect(judge(reply({ observed: { statusCode: 302 } }), { source: 'status', op: 'eq', value: 302 }).status).toBe(
      'up',
    )
  })
})

describe('levels', () => {
  const slow: Written = { source: 'duration', op: 'lt', value: '50ms', level: 'degraded' }
  const wrong: Written = { source: 'body', op: 'eq', value: 'x' }

  test('a failed assertion of level degraded degrades', () => {
    expect(judge(reply(), slow)).toMatchObject({
      status: 'degraded',
      failed: [{ expected: 'duration lt 50ms', got: '100ms', level: 'degraded' }],
    })
  })

  test('the worst level wins, and every failed assertion is told, the worst first', () => {
    const verdict = judge(reply(), slow, wrong)
    expect(verdict.status).toBe('down')
    expect(verdict.failed).toHaveLength(2)
    expect(verdict.failure?.message).toBe('expected body eq "x", got "{}"; expected duration lt 50ms, got 100ms')
  })
})

test('a pattern that backtracks without end is cut off', () => {
  const body = `${'a'.repeat(100_000)}!`
  const started = performance.now()
  expect(judge(reply({ body }), { source: 'body', op: 'matches', value: '^(a+)+$' }).status).toBe('down')
  expect(performance.now() - started).toBeLessThan(20_000)
})
