import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  mostPolicyCharacters,
  normalizedName,
  policyOf,
  recordPolicies,
  type ZoneGrant,
} from '../../lib/decide/record-policies.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import { failoverConfig, failoverInput } from '../support/failover-config.ts'

const policiesOf = (failovers: Parameters<typeof failoverConfig>[0]) =>
  recordPolicies(parseConfig(failoverConfig(failovers)).failovers)
const namesIn = (grants: readonly ZoneGrant[]) => grants.flatMap(({ names }) => names)
const charactersOf = (grants: readonly ZoneGrant[]) => JSON.stringify(policyOf(grants)).length

describe('the policy over records', () => {
  test('allows CREATE and DELETE of exactly the record, its TXT and the name of its drills, in its zone', () => {
    const [grants = []] = policiesOf([failoverInput('api')])
    expect(policyOf(grants)).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: 'route53:ChangeResourceRecordSets',
          Resource: 'arn:aws:route53:::hostedzone/Z1',
          Condition: {
            'ForAllValues:StringEquals': {
              'route53:ChangeResourceRecordSetsNormalizedRecordNames': [
                'api.example.com',
                '_vedette.api.example.com',
                '_vedette-drill.api.example.com',
              ],
              'route53:ChangeResourceRecordSetsRecordTypes': ['A', 'AAAA', 'CNAME', 'TXT'],
              'route53:ChangeResourceRecordSetsActions': ['CREATE', 'DELETE'],
            },
            // Without these, a request that names no records at all would pass.
            Null: {
              'route53:ChangeResourceRecordSetsNormalizedRecordNames': 'false',
              'route53:ChangeResourceRecordSetsRecordTypes': 'false',
              'route53:ChangeResourceRecordSetsActions': 'false',
            },
          },
        },
      ],
    })
  })

  test('has one statement for each zone', () => {
    const other = { hostedZoneId: 'Z2', zone: 'example.org', record: 'www.example.org' }
    const [grants = [], ...rest] = policiesOf([failoverInput('api'), failoverInput('www', other), failoverInput('web')])
    expect(rest).toEqual([])
    expect(grants.map(({ hostedZoneId, names }) => [hostedZoneId, names.length])).toEqual([
      ['Z1', 6],
      ['Z2', 3],
    ])
  })

  test('says nothing of failovers that move by health checks: Route 53 answers for those by itself', () => {
    const checked = failoverInput('www', { switch: 'health-check' })
    expect(policiesOf([checked])).toEqual([])
    expect(namesIn(policiesOf([failoverInput('api'), checked]).flat()).join()).not.toContain('www')
  })

  test.each([
    ['API.Example.com.', 'api.example.com'],
    ['_sip.example.com', '_sip.example.com'],
    ['a/b.example.com', 'a\\057b.example.com'],
    ['*.example.com', '\\052.example.com'],
  ])('spells %s as its condition key does', (name, normalized) => {
    expect(normalizedName(name)).toBe(normalized)
  })
})

describe('policies of many failovers', () => {
  const many = Array.from({ length: 100 }, (_, i) => failoverInput(`failover-${i}`))

  test('are as many as they need to be, each within the limit of IAM', () => {
    const policies = policiesOf(many)
    const sizes = policies.map(charactersOf)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(mostPolicyCharacters)
    expect(policies).toHaveLength(Math.ceil(sizes.reduce((sum, size) => sum + size) / mostPolicyCharacters))
  })

  test('hold every name once, and never part those of one failover: a batch is allowed as a whole or not at all', () => {
    const some = fc.uniqueArray(
      fc.record({
        label: fc.stringMatching(/^[a-z][a-z0-9]{0,50}$/),
        zone: fc.constantFrom('one.test', 'two.test', 'three.test'),
      }),
      { minLength: 1, maxLength: 120, selector: ({ label, zone }) => `${label}.${zone}` },
    )
    fc.assert(
      fc.property(some, (records) => {
        const failovers = records.map(({ label, zone }, i) =>
          failoverInput(`f${i}`, { hostedZoneId: `Z${zone.length}`, zone, record: `${label}.${zone}` }),
        )
        const policies = policiesOf(failovers)
        const wanted = failovers.flatMap(({ record }) => [record, `_vedette.${record}`, `_vedette-drill.${record}`])
        expect(policies.flatMap(namesIn).sort()).toEqual(wanted.sort())
        for (const grants of policies) expect(charactersOf(grants)).toBeLessThanOrEqual(mostPolicyCharacters)
        for (const { record, hostedZoneId } of failovers) {
          const of = (name: string) =>
            policies.flat().find((grant) => grant.hostedZoneId === hostedZoneId && grant.names.includes(name))
          expect(of(record)).toBeDefined()
          expect(of(`_vedette.${record}`)).toBe(of(record))
          expect(of(`_vedette-drill.${record}`)).toBe(of(record))
        }
      }),
      { numRuns: 30 },
    )
  })
})
