import type { Config } from '../model/config.ts'
import type { Monitor, Secret, SecretRef } from '../model/monitor.ts'
import { formatPath } from '../model/problem.ts'
import { loginStep, sensitiveHeader } from '../model/sensitive.ts'
import { routeSecrets } from './notify-config.ts'

/** A reference to a secret, and where in the list of monitors it stands. */
export interface FoundSecret {
  ref: SecretRef
  /** From the list on: `[2, 'headers', 'x-key']`. */
  at: PropertyKey[]
}

/** Every reference to a secret in a list of monitors. */
export function secretsOf(monitors: readonly Monitor[]): FoundSecret[] {
  return monitors.flatMap((monitor, i) =>
    placesOf(monitor).flatMap(([at, value]) => (typeof value === 'object' ? [{ ref: value, at: [i, ...at] }] : [])),
  )
}

/** A sentence for each secret of a config that is to come from the environment, and is not there. */
export function unsetSecrets(
  { monitors, routes }: Pick<Config, 'monitors' | 'routes'>,
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  const found = [
    ...routeSecrets({ routes }).map(({ ref, at }) => ({
      ref,
      at: ['routes', ...at],
      costs: 'nobody can be told there',
    })),
    ...secretsOf(monitors).map(({ ref, at }) => ({ ref, at: ['monitors', ...at], costs: 'it cannot be watched' })),
  ]
  return found.flatMap(({ ref, at, costs }) =>
    'env' in ref && !environment[ref.env]
      ? [`${formatPath(at)}: the environment variable ${ref.env} is not set: ${costs}`]
      : [],
  )
}

/** Every secret that stands in the monitors itself, as text; where, not what. */
export function literalSecretsOf(monitors: readonly Monitor[]): PropertyKey[][] {
  return monitors.flatMap((monitor, i) =>
    placesOf(monitor).flatMap(([at, value]) => (typeof value === 'string' && isSecret(at, value) ? [[i, ...at]] : [])),
  )
}

function isSecret([key, name]: readonly PropertyKey[], value: string): boolean {
  if (value === '') return false
  if (key === 'auth') return true
  if (key === 'headers') return sensitiveHeader.test(String(name))
  if (key === 'dialog') return loginStep.test(value)
  return key === 'proxy' && Boolean(URL.parse(value)?.username)
}

/** The values of a monitor that may be secrets. */
function placesOf(monitor: Monitor): [at: PropertyKey[], value: Secret | undefined][] {
  if (monitor.kind === 'tcp')
    return monitor.dialog.map((step, i) => [['dialog', i, 'send'], 'send' in step ? step.send : undefined])
  if (monitor.kind !== 'http') return []
  const { headers, body, auth, proxy } = monitor
  return [
    ...Object.entries(headers).map(([name, value]): [PropertyKey[], Secret] => [['headers', name], value]),
    [['body'], body],
    [['auth', 'bearer'], auth && 'bearer' in auth ? auth.bearer : undefined],
    [['auth', 'basic', 'password'], auth && 'basic' in auth ? auth.basic.password : undefined],
    [['proxy'], proxy],
  ]
}
