/** Rules that a config may override by name under `allow`, each with a reason (docs/operations.md). */
export const overridable = [
  'alarm-quota',
  'controller-in-endpoint-region',
  'controller-in-primary-region',
  'controller-in-us-east-1',
  'health-check-quota',
  'key-in-asset',
  'policy-quota',
  'secret-in-asset',
  'shared-concurrency',
  'unknown-region',
] as const

export type Overridable = (typeof overridable)[number]
