import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../lib/model/parse-config.ts'
import { environmentSecrets, openSecrets } from '../../lib/run/secrets.ts'

function monitorOf(more: Record<string, unknown>) {
  const [monitor] = parseConfig({
    service: 'test',
    monitors: [{ id: 'm', kind: 'http', url: 'http://x.test/', ...more }],
  }).monitors
  if (!monitor) throw new Error('no monitor')
  return monitor
}

const source = async (ref: object) => `value-of-${Object.values(ref)[0]}`

describe('opening', () => {
  test('reads every reference and tells what must not be seen', async () => {
    const monitor = monitorOf({
      headers: { 'x-key': { secret: 'key' }, authorization: 'Token plain-text', accept: 'text/html' },
      body: { ssm: 'body' },
      proxy: 'http://ann:pass%20word@127.0.0.1:3128',
    })
    const { monitor: opened, secrets } = await openSecrets(monitor, source)
    expect(opened).toMatchObject({ headers: { 'x-key': 'value-of-key', accept: 'text/html' }, body: 'value-of-body' })
    expect(new Set(secrets)).toEqual(
      new Set(['value-of-key', 'Token plain-text', 'plain-text', 'value-of-body', 'pass word', btoa('ann:pass word')]),
    )
  })

  test('knows the password and its encoding as basic auth', async () => {
    const { secrets } = await openSecrets(
      monitorOf({ auth: { basic: { username: 'ann', password: { env: 'P' } } } }),
      source,
    )
    expect(secrets).toEqual(['value-of-P', btoa('ann:value-of-P')])
  })

  test('an unset variable rejects with its name', async () => {
    await expect(environmentSecrets({ env: 'VEDETTE_NO_SUCH' })).rejects.toThrow('VEDETTE_NO_SUCH is not set')
  })
})

describe('a secret that cannot be used', () => {
  test.each([
    ['with a line break at its end', 'token123\n', 'a line break'],
    ['with a character no header can carry', 'tök€n', 'a character'],
  ])('%s rejects with its name', async (_what, value, says) => {
    const opening = openSecrets(monitorOf({ auth: { bearer: { env: 'NL' } } }), async () => value)
    await expect(opening).rejects.toThrow(`the secret {"env":"NL"} holds ${says}`)
  })
})
