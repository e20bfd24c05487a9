import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../lib/model/parse-config.ts'
import { environmentSecrets, openSecrets, redact } from '../../lib/run/secrets.ts'

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
    expect(secrets.sort()).toEqual(
      [btoa('ann:pass word'), 'value-of-key', 'Token plain-text', 'value-of-body', 'pass word'].sort(),
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

describe('redaction', () => {
  test('no secret survives in any text or key, in any form', () => {
    // The mark keeps a secret from being a piece of the keys and texts around it.
    const secret = fc.string({ unit: 'grapheme' }).map((text) => `¤¤¤${text}`)
    const around = fc.string({ unit: 'grapheme-ascii' })
    fc.assert(
      fc.property(secret, around, around, (hidden, before, after) => {
        const value = {
          [hidden]: [`${before}${hidden}${after}`],
          url: `?a=${encodeURIComponent(hidden)}`,
          json: JSON.stringify({ hidden }),
        }
        const texts = JSON.stringify(redact(value, [hidden]))
        expect(texts).not.toContain('¤')
        expect(texts).not.toContain(encodeURIComponent('¤'))
      }),
    )
  })

  test('what is left of a secret where a text was cut is blotted out too', () => {
    expect(redact('got "abc 0123456789ab…', ['0123456789abcdef'])).toBe('got "abc [secret]…')
    expect(redact('…89abcdef and more', ['0123456789abcdef'])).toBe('…[secret] and more')
  })
})
