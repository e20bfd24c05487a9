import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { monitorAlarms } from '../../lib/decide/alarm-shards.ts'
import { type Alarm, lookBackSeconds } from '../../lib/decide/alarms.ts'
import { judgePairs, leastBad, leastVotes } from '../../lib/decide/budget.ts'
import { type BurnAlarms, burnAlarms } from '../../lib/decide/burn-alarms.ts'
import { judgeBurns } from '../../lib/decide/burn-watch.ts'
import { billOf } from '../../lib/decide/cost.ts'
import type { Config } from '../../lib/model/config.ts'
import type { Monitor } from '../../lib/model/monitor.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import { evaluate } from '../support/metric-math.ts'

const config = (monitor: object = {}): Config & { monitors: [Monitor] } =>
  parseConfig({
    ...{
      service: 'shop',
      vantages: ['us-east-1', 'eu-west-1', 'ap-south-1'],
      controllers: ['us-west-2', 'eu-north-1'],
    },
    monitors: [{ id: 'api', kind: 'http', url: 'https://x.test/', slo: { objective: 99.9 }, ...monitor }],
  }) as Config & { monitors: [Monitor] }
const alarmsOf = (of = config()) => burnAlarms(of.monitors[0], of)

describe('the alarms of an objective', () => {
  test('are one a window, which tell nobody, and one a severity over them', () => {
    const { parts, composites } = alarmsOf()
    expect(parts.map(({ name, periodSeconds, threshold }) => [name, periodSeconds, threshold])).toEqual([
      ['vedette-shop-api-burn-1h-long', 3600, 0.0144],
      ['vedette-shop-api-burn-1h-short', 300, 0.216],
      ['vedette-shop-api-burn-6h-long', 21_600, 0.006],
      ['vedette-shop-api-burn-6h-short', 1800, 0.54],
      ['vedette-shop-api-burn-1d-long', 86_400, 0.003],
      ['vedette-shop-api-burn-1d-short', 7200, 1.08],
      ['vedette-shop-api-burn-3d-long', 259_200, 0.001],
      ['vedette-shop-api-burn-3d-short', 21_600, 1.08],
    ])
    expect(parts.every(({ isPart }) => isPart)).toBe(true)
    expect(composites).toMatchObject([
      {
        ...{ name: 'vedette-shop-api-burn-page', severity: 'page' },
        pairs: [
          ['vedette-shop-api-burn-1h-long', 'vedette-shop-api-burn-1h-short'],
          ['vedette-shop-api-burn-6h-long', 'vedette-shop-api-burn-6h-short'],
        ],
        description:
          'api (http https://x.test/) uses up its error budget (99.9 % over 30d): 14.4× over 1h and 5m, or 6× over 6h and 30m. How it stands: vedette budget --monitor api.',
      },
      { name: 'vedette-shop-api-burn-ticket', severity: 'ticket' },
    ])
  })

  test('are there for who has an objective only, and at home only', () => {
    const { slo, ...without } = config().monitors[0]
    expect(slo).toBeDefined()
    expect(burnAlarms(without as Monitor, config())).toEqual({ parts: [], composites: [] })
    const [monitor] = config().monitors
    expect(monitorAlarms(monitor, config(), false)).toMatchObject({ alarms: [{ kind: 'down' }], composites: [] })
  })

  test('are muted in maintenance: those that tell someone, by name', () => {
    const muted = config({ maintenance: [{ cron: '0 2 * * *', for: '1h' }] })
    expect(monitorAlarms(muted.monitors[0], muted, true).muteRules[0]?.alarms).toEqual([
      'vedette-shop-api-down',
      'vedette-shop-api-burn-page',
      'vedette-shop-api-burn-ticket',
    ])
  })

  test('keep within what CloudWatch takes, for every objective and interval', () => {
    const slo = fc.record({
      objective: fc.integer({ min: 50_000, max: 99_999 }).map((n) => n / 1000),
      window: fc.integer({ min: 1, max: 90 }).map((days) => `${days}d`),
    })
    fc.assert(
      fc.property(slo, fc.constantFrom('10s', '1m', '5m', '1h', '1d'), (promised, every) => {
        const given = config({ slo: promised, every })
        const [{ everyMs }] = given.monitors
        const { parts, composites } = alarmsOf(given)
        for (const { periodSeconds, of, math, threshold, description, name } of parts) {
          expect(periodSeconds % 60).toBe(0)
          expect(periodSeconds * of).toBeLessThanOrEqual(lookBackSeconds(periodSeconds))
          expect(Object.keys(math?.statistics ?? {}).length).toBeLessThanOrEqual(10)
          expect(math?.expression.length ?? 0).toBeLessThanOrEqual(1024)
          expect(threshold).toBeGreaterThan(0)
          // Of a long window a share; of a short one a number of votes, which it must be able to hold.
          expect(threshold).toBeLessThan(math ? 1 : (3 * periodSeconds) / Math.max(60, everyMs / 1000))
          expect(description.length).toBeLessThanOrEqual(1024)
          expect(name.length).toBeLessThanOrEqual(255)
        }
        const known = new Set(parts.map(({ name }) => name))
        for (const { pairs } of composites) for (const name of pairs.flat()) expect(known).toContain(name)
      }),
    )
  })

  test('cost what the bill says: three metrics a pair, and two composites', () => {
    const lines = billOf(config()).lines.filter(({ what }) => what.includes('error budgets'))
    expect(lines.map(({ quantity, monthlyUsd }) => [quantity, Number(monthlyUsd.toFixed(2))])).toEqual([
      [12, 1.2],
      [2, 1],
    ])
    expect(billOf({ ...config(), monitors: [] }).lines.some(({ what }) => what.includes('error budgets'))).toBe(false)
  })
})

/** How CloudWatch would see it: votes by minute, every statistic over the alarm's period up to now. */
function isOpen(
  { parts, composites }: BurnAlarms,
  history: readonly { good: number; bad: number }[],
  severity: string,
) {
  const value = ({ periodSeconds, math }: Alarm) => {
    const inPeriod = history.slice(-periodSeconds / 60)
    const d = inPeriod.reduce((sum, { bad }) => sum + bad, 0)
    const n = inPeriod.reduce((sum, { good, bad }) => sum + good + bad, 0)
    return math ? evaluate(math.expression, { d, n }) : d
  }
  const open = new Set(parts.filter((part) => value(part) > part.threshold).map(({ name }) => name))
  return composites
    .filter((one) => one.severity === severity)
    .some(({ pairs }) => pairs.some((pair) => pair.every((name) => open.has(name))))
}

describe('the expressions as written', () => {
  test('say the same as the embedded arithmetic, for any history', () => {
    /** Stretches of time in which so many of three vantages see it down. */
    const stretch = fc.record({
      minutes: fc.integer({ min: 1, max: 600 }),
      bad: fc.constantFrom(0, 0, 0, 1, 2, 3),
      blind: fc.constantFrom(0, 0, 1, 3),
    })
    const objective = fc.constantFrom(90, 99, 99.5, 99.9, 99.95)
    fc.assert(
      fc.property(
        objective,
        fc.array(stretch, { minLength: 1, maxLength: 12 }),
        fc.nat(400),
        (promised, stretches, calm) => {
          const of = config({ slo: { objective: promised } })
          const history = [{ minutes: calm, bad: 0, blind: 0 }, ...stretches]
            .flatMap(({ minutes, bad, blind }) => {
              const vote = { good: Math.max(0, 3 - bad - blind), bad: Math.min(bad, 3 - blind) }
              return Array.from({ length: minutes }, () => vote)
            })
            .slice(-4320)
          const { slo } = of.monitors[0]
          if (!slo) throw new Error('no objective')
          const states = judgePairs(slo, { everyMs: 60_000, places: 3 }, (lastMs) => {
            const last = history.slice(-lastMs / 60_000)
            const sumOf = (key: 'good' | 'bad') => last.reduce((sum, one) => sum + one[key], 0)
            return { good: sumOf('good'), bad: sumOf('bad') }
          })
          const { open } = judgeBurns({}, states)
          for (const severity of ['page', 'ticket'] as const)
            expect(isOpen(alarmsOf(of), history, severity), `${severity} of ${promised}`).toBe(open[severity] ?? false)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('take no single blip for a fire', () => {
    const long = alarmsOf().parts[0]
    const value = (d: number, n: number) => evaluate(long?.math?.expression ?? '', { d, n })
    expect(value(leastBad - 1, 60)).toBe(0)
    expect(value(leastVotes - 1, leastVotes - 1)).toBe(0)
    expect(value(leastBad, 180)).toBeCloseTo(3 / 180)
    // A blip in the first minutes of a monitor: of an hour it is as little as it would be later.
    expect(value(leastBad, 12)).toBeCloseTo(3 / 180)
  })
})

describe('what is told of an objective', () => {
  const slo = { objective: 99.9, windowMs: 30 * 86_400_000 }
  const statesAt = (hour: { good: number; bad: number }, short: { good: number; bad: number }) =>
    judgePairs(slo, { everyMs: 60_000, places: 1 }, (lastMs) => (lastMs >= 3_600_000 ? hour : short))

  test('is one opening and one closing a severity, whatever burns in between', () => {
    const burning = statesAt({ good: 100, bad: 80 }, { good: 0, bad: 15 })
    const calm = statesAt({ good: 100, bad: 80 }, { good: 15, bad: 0 })
    const first = judgeBurns({}, burning)
    expect(first.changes.map(({ severity, open }) => [severity, open])).toEqual([
      ['page', true],
      ['ticket', true],
    ])
    expect(first.changes[0]?.worst).toMatchObject({ isBurning: true, pair: { severity: 'page' } })
    expect(judgeBurns(first.open, burning).changes).toEqual([])
    const closed = judgeBurns(first.open, calm)
    // The short windows of an hour and more are still over their rates.
    expect(closed.changes).toMatchObject([{ severity: 'page', open: false }])
    expect(judgeBurns(closed.open, statesAt({ good: 100, bad: 0 }, { good: 15, bad: 0 })).changes).toMatchObject([
      { severity: 'ticket', open: false },
    ])
  })

  test('opens and closes in turn for any history: what is open is what was opened and not closed', () => {
    const vote = fc.record({ good: fc.nat(50), bad: fc.nat(50) })
    fc.assert(
      fc.property(fc.array(fc.tuple(vote, vote), { maxLength: 20 }), (history) => {
        let open = {}
        const told = new Set<string>()
        for (const [long, short] of history) {
          const next = judgeBurns(open, statesAt(long, short))
          for (const change of next.changes) {
            expect(told.has(change.severity)).toBe(!change.open)
            if (change.open) told.add(change.severity)
            else told.delete(change.severity)
          }
          open = next.open
          expect([...told].sort()).toEqual(Object.keys(open).sort())
        }
      }),
    )
  })
})
