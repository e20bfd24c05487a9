import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { awsSecrets, createSecrets } from '../../lib/act/secrets.ts'
import { type LoopbackServer, startHttpServer } from '../support/http-server.ts'

const minuteMs = 60_000
const ref = { secret: 'shop/token' }

function kept(values: (string | Error)[]) {
  let nowMs = 0
  const fetch = vi.fn(async () => {
    const value = values.length > 1 ? values.shift() : values[0]
    if (value instanceof Error) throw value
    return value
  })
  return { fetch, read: createSecrets(fetch, () => nowMs), pass: (ms: number) => (nowMs += ms) }
}

test('a secret is read once in five minutes, whoever asks', async () => {
  const { fetch, read, pass } = kept(['one', 'two'])
  expect(await Promise.all([read(ref), read(ref), read(ref)])).toEqual(['one', 'one', 'one'])
  pass(5 * minuteMs - 1)
  expect(await read(ref)).toBe('one')
  expect(fetch).toHaveBeenCalledTimes(1)
  pass(1)
  expect(await read(ref)).toBe('two')
})

test('a secret that a peer refused is read again, though not for every refusal', async () => {
  const { fetch, read, pass } = kept(['old', 'new', 'newer'])
  await read(ref)
  pass(minuteMs)
  expect(await read(ref, { isStale: true })).toBe('new')
  expect(await read(ref, { isStale: true })).toBe('new')
  expect(await read(ref)).toBe('new')
  expect(fetch).toHaveBeenCalledTimes(2)
})

test('a secret that cannot be read is asked for again a little later, and the error names it', async () => {
  const { fetch, read, pass } = kept([new Error('AccessDenied'), 'value'])
  await expect(read(ref)).rejects.toThrow('{"secret":"shop/token"} could not be read: Error: AccessDenied')
  await expect(read(ref)).rejects.toThrow('could not be read')
  expect(fetch).toHaveBeenCalledTimes(1)
  pass(10_000)
  expect(await read(ref)).toBe('value')
})

test('after five minutes an unreadable secret is no secret any more', async () => {
  const { read, pass } = kept(['value', new Error('ResourceNotFound')])
  await read(ref)
  pass(5 * minuteMs)
  await expect(read(ref)).rejects.toThrow('ResourceNotFound')
})

test('an empty secret is none', async () => {
  await expect(kept(['']).read(ref)).rejects.toThrow('holds no text')
})

let server: LoopbackServer
let asked: { target: string; body: Record<string, unknown> }[]
beforeEach(async () => {
  asked = []
  server = await startHttpServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const target = String(request.headers['x-amz-target'])
    asked.push({ target, body: JSON.parse(text) })
    response.setHeader('content-type', 'application/x-amz-json-1.1')
    const reply = target.startsWith('secretsmanager')
      ? { SecretString: 's3cret' }
      : { Parameter: { Value: 'p4rameter' } }
    response.end(JSON.stringify(reply))
  })
  vi.stubEnv('AWS_ENDPOINT_URL', server.url)
  vi.stubEnv('AWS_REGION', 'eu-west-1')
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await server.close()
})

test('secrets come from Secrets Manager, parameters decrypted from Parameter Store', async () => {
  const fetch = awsSecrets()
  expect(await fetch({ secret: 'shop/token' })).toBe('s3cret')
  expect(await fetch({ ssm: '/shop/token' })).toBe('p4rameter')
  expect(asked).toEqual([
    { target: 'secretsmanager.GetSecretValue', body: { SecretId: 'shop/token' } },
    { target: 'AmazonSSM.GetParameter', body: { Name: '/shop/token', WithDecryption: true } },
  ])
})
