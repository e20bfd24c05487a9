import { expect, test } from 'vitest'
import { eventWords } from '../../lib/cli/event-words.ts'

const at = { atMs: 0 }
const failover = (detail: object) =>
  eventWords({ ...at, kind: 'failover', detail: { failover: 'live', ...detail } }).text
const ended = { epoch: 2, largestEpoch: 2, inDoubt: false, claimLeft: false }
const reasons = [{ code: 'active-down', endpoint: 'one', down: 2, fail: 2 }]

test.each([
  [
    {
      type: 'decided',
      trigger: 'person',
      note: 'a drill',
      decision: { kind: 'move', to: 'two', why: 'request', page: false, reasons },
    },
    'decided to move to two, asked by person (a drill): one is active and down for 2 vantages, of 2 needed.',
  ],
  [
    {
      type: 'decided',
      trigger: 'tick',
      decision: {
        kind: 'report',
        mode: 'dry-run',
        page: false,
        reasons: [],
        would: { kind: 'move', to: 'two', why: 'failover', page: false, reasons: [] },
      },
    },
    'would move to two (dry-run), asked by tick',
  ],
  [
    { type: 'swapped', to: 'two', by: 'auto', tookMs: 1200, outcome: { kind: 'moved', ...ended } },
    'moved to two (record written in 1200 ms)',
  ],
  [
    {
      ...{ type: 'swapped', to: 'two', by: 'auto', tookMs: 3, downForMs: 13_000 },
      outcome: { kind: 'moved', ...ended },
    },
    'moved to two 13.0 s after the failure was first seen (record written in 3.0 ms)',
  ],
  [
    {
      type: 'swapped',
      to: 'two',
      by: 'auto',
      tookMs: 5,
      outcome: { kind: 'refused', reason: 'EDITED', detail: 'somebody edited it', ...ended },
    },
    'did not move to two: somebody edited it',
  ],
  [
    { type: 'swapped', to: 'two', by: 'auto', tookMs: 5, outcome: { kind: 'gaveUp', reason: 'READS', ...ended } },
    'did not move to two: it was given up, as Route 53 had been read as often as one move may',
  ],
  [{ type: 'verified', to: 'two' }, 'two is served everywhere'],
  [{ type: 'verified', to: 'two', problem: 'ns1 is silent' }, 'two is not served yet: ns1 is silent'],
  [{ type: 'page', pages: [{ code: 'IN_DOUBT', detail: 'a write may land' }] }, 'IN_DOUBT: a write may land'],
  [
    { type: 'readiness', problems: [{ code: 'QUOTA', detail: 'too many records' }] },
    'not ready: QUOTA: too many records',
  ],
  [{ type: 'readiness', problems: [] }, 'ready again'],
  [{ type: 'locked' }, 'locked by a person'],
  [
    { type: 'locked', problem: 'its table could not be written' },
    'locked by a person, but: its table could not be written',
  ],
  [{ type: 'adopted' }, 'adopted by a person'],
  [{ type: 'drill', outcome: 'passed', detail: '' }, 'drill passed'],
  [{ type: 'failed', message: 'it broke\n  at line 1' }, 'a decision broke: it broke'],
  [{ type: 'of a later version', some: 1 }, '{"failover":"live","type":"of a later version","some":1}'],
])('a failover in words: %#', (detail, text) => {
  expect(failover(detail)).toBe(text)
})

const named = { service: 'shop', atMs: 0, monitor: 'api', target: 'https://x.test/' }
test.each([
  [
    'budget',
    {
      ...named,
      type: 'budget.burning',
      severity: 'page',
      objective: 99.9,
      burn: 20,
      longMs: 3_600_000,
      shortMs: 300_000,
      left: 0.5,
    },
    'api',
    /^burns its error budget 20 times too fast \(page\); objective: 99.9 %; measured over: 1h.*; budget left: 50 %$/,
  ],
  ['budget', { ...named, type: 'budget.calm', severity: 'page' }, 'api', /no faster than allowed \(page\)$/],
  [
    'latency',
    { ...named, type: 'latency.slow', against: 'limit', statistic: 'p95', valueMs: 900, limitMs: 800, sinceMs: 0 },
    'api',
    /^is slow: p95 is 900 ms, over its limit of 800 ms/,
  ],
  [
    'notice',
    { type: 'monitor.down', route: 'pager', text: 'api is down', outcome: 'delivered' },
    'told pager',
    /^api is down$/,
  ],
  [
    'notice',
    { type: 'monitor.down', route: 'pager', text: 'open: api is down', outcome: 'HOOK_SECRET is not set' },
    'could not tell pager',
    /^open: api is down \(HOOK_SECRET is not set\)$/,
  ],
  ['change', { text: 'deployed 1.4.2', url: 'https://ci.test/7' }, 'change', /^deployed 1.4.2 https:\/\/ci.test\/7$/],
  ['engine', { type: 'stopped', version: '0.1.0' }, 'vedette', /^stopped \(0.1.0\)$/],
  ['of a later version', { long: 'x'.repeat(1000) }, 'of a later version', /^.{399}…$/],
  ['nothing', null, 'nothing', /^\{\}$/],
])('%s in words: %#', (kind, detail, subject, text) => {
  const words = eventWords({ ...at, kind, detail })
  expect(words.subject).toBe(subject)
  expect(words.text).toMatch(text)
})
