import { canonicalName } from '../model/dns-answer.ts'
import type { Failover } from '../model/failover.ts'
import { drillOf, txtName } from './swap-records.ts'

/** What may be changed in one zone: sets of these names, and of no other. */
export interface ZoneGrant {
  hostedZoneId: string
  names: string[]
}

/** A policy as IAM takes it. */
export interface PolicyJson {
  Version: '2012-10-17'
  Statement: object[]
}

/** A managed policy may have so many characters, white space not counted (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html). */
export const mostPolicyCharacters = 6144

/** So many managed policies can be attached to a role, unless that quota is raised (the same page). */
export const mostPolicies = 10

const types = ['A', 'AAAA', 'CNAME', 'TXT']
const keyOf = (what: string) => `route53:ChangeResourceRecordSets${what}`

/**
 * Failovers by the managed policy that lets their records be moved: one statement for each zone of a policy, as few policies
 * as hold them all. The names of one failover are never parted, since a statement has to allow a batch as a whole. Those
 * that move by health checks need no such right.
 */
export function recordPolicies(failovers: readonly Failover[]): ZoneGrant[][] {
  const policies: ZoneGrant[][] = []
  const byZone = Map.groupBy(
    failovers.filter((failover) => failover.switch === 'record'),
    ({ hostedZoneId }) => hostedZoneId,
  )
  for (const [hostedZoneId, inZone] of byZone)
    for (const failover of inZone) {
      const grant = { hostedZoneId, names: namesOf(failover) }
      const widened = withGrant(policies.at(-1) ?? [], grant)
      if (policies.length > 0 && charactersOf(widened) <= mostPolicyCharacters) policies[policies.length - 1] = widened
      else policies.push([grant])
    }
  return policies
}

/** The record, the TXT beside it and the name that drills use, each as the condition key of IAM spells it. */
function namesOf(failover: Failover): string[] {
  return [failover.record, txtName(failover), drillOf(failover).record].map(normalizedName)
}

/**
 * Lower case, without the last dot, other characters than a–z, 0–9, `-`, `_` and `.` as octal codes
 * (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-rrset-conditions.html).
 */
export function normalizedName(name: string): string {
  return canonicalName(name).replace(
    /[^a-z0-9._-]/g,
    (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`,
  )
}

function withGrant(grants: readonly ZoneGrant[], { hostedZoneId, names }: ZoneGrant): ZoneGrant[] {
  const known = grants.find((grant) => grant.hostedZoneId === hostedZoneId)
  const joined = { hostedZoneId, names: [...new Set([...(known?.names ?? []), ...names])] }
  return [...grants.filter((grant) => grant !== known), joined]
}

/**
 * The policy itself: CREATE and DELETE of these names and types. UPSERT, which has no guard, is not among the actions. A
 * request without a key would pass `ForAllValues`, so each has to be there
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html).
 */
export function policyOf(grants: readonly ZoneGrant[]): PolicyJson {
  const keys = ['NormalizedRecordNames', 'RecordTypes', 'Actions'].map(keyOf)
  return {
    Version: '2012-10-17',
    Statement: grants.map(({ hostedZoneId, names }) => ({
      Effect: 'Allow',
      Action: 'route53:ChangeResourceRecordSets',
      Resource: zoneArn(hostedZoneId),
      Condition: {
        'ForAllValues:StringEquals': {
          [keyOf('NormalizedRecordNames')]: names,
          [keyOf('RecordTypes')]: types,
          [keyOf('Actions')]: ['CREATE', 'DELETE'],
        },
        Null: Object.fromEntries(keys.map((key) => [key, 'false'])),
      },
    })),
  }
}

/** Zones are of no region and no account (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonroute53.html). */
export function zoneArn(hostedZoneId: string): string {
  return `arn:aws:route53:::hostedzone/${hostedZoneId}`
}

function charactersOf(grants: readonly ZoneGrant[]): number {
  return JSON.stringify(policyOf(grants)).length
}
