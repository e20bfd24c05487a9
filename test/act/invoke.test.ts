import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { askVantages, handOverTo, invokeFunction } from '../../lib/act/invoke.ts'
import { runLambdaHook } from '../../lib/act/lambda-hook.ts'
import { type LoopbackServer, startHttpServer } from '../support/http-server.ts'
import { freePort } from '../support/ports.ts'

const keyId = 'AKIDEXAMPLE'
const secretKey = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const token = 'a-session-token-that-nobody-may-see'
const arn = 'arn:aws:lambda:eu-west-1:111122223333:function:promote:live'

let server: LoopbackServer | undefined
beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', keyId)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secretKey)
  vi.stubEnv('AWS_SESSION_TOKEN', token)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await server?.close()
  server = undefined
})

type Call = { request: IncomingMessage; body: string }

/** A Lambda that does with each call what the test says; gives the calls it has had. */
async function lambda(answer: (response: ServerResponse, call: Call, nth: number) => void): Promise<Call[]> {
  const calls: Call[] = []
  server = await startHttpServer(async (request, response) => {
    const call = { request, body: await text(request) }
    calls.push(call)
    answer(response, call, calls.length)
  })
  vi.stubEnv('AWS_ENDPOINT_URL_LAMBDA', server.url)
  return calls
}

const call = (more: Partial<Parameters<typeof invokeFunction>[0]> = {}) =>
  invokeFunction({ region: 'eu-west-1', functionName: 'f', event: { n: 1 }, wait: true, timeoutMs: 5000, ...more })
const json =
  (status: number, body: unknown, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    void response.writeHead(status, headers).end(JSON.stringify(body))

/** What the signature has to be (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html). */
function signatureOf({ request: { method, url = '', headers }, body }: Call): string {
  const [, scope = '', signed = ''] =
    /Credential=[^/]+\/([^,]+), SignedHeaders=([^,]+)/.exec(headers.authorization ?? '') ?? []
  const hash = (text: string) => createHash('sha256').update(text).digest('hex')
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
  // Every service but S3 encodes the path once more than it is sent.
  const path = url.split('/').map(encodeURIComponent).join('/')
  const lines = signed.split(';').map((name) => `${name}:${headers[name]}`)
  const canonical = [method, path, '', ...lines, '', signed, hash(body)].join('\n')
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, hash(canonical)].join('\n')
  return hmac(scope.split('/').reduce<string | Buffer>(hmac, `AWS4${secretKey}`), toSign).toString('hex')
}

describe('a function is called', () => {
  test('by one request that is signed as AWS says, also by its ARN', async () => {
    const calls = await lambda(json(200, { ok: true }))
    expect(await call({ functionName: arn })).toEqual({ kind: 'ok', answer: { ok: true } })
    expect(calls).toHaveLength(1)
    const [{ request, body }] = calls as [Call]
    expect(request.url).toBe(`/2015-03-31/functions/${encodeURIComponent(arn)}/invocations`)
    expect(body).toBe('{"n":1}')
    expect(request.headers).toMatchObject({ 'x-amz-invocation-type': 'RequestResponse', 'x-amz-security-token': token })
    expect(request.headers.authorization).toContain('/eu-west-1/lambda/aws4_request')
    expect(request.headers.authorization).toContain(`Signature=${signatureOf({ request, body })}`)
  })

  test('on a connection of its own, as one kept open over a freeze is dead', async () => {
    const calls = await lambda(json(200, 1))
    await call()
    await call()
    expect(calls.map(({ request }) => request.headers.connection)).toEqual(['close', 'close'])
    expect(new Set(calls.map(({ request }) => request.socket)).size).toBe(2)
  })

  test('and is not waited for where it is only handed over', async () => {
    const calls = await lambda((response) => void response.writeHead(202).end())
    expect(await handOverTo('f')('eu-west-1', { do: 'tick' })).toBeUndefined()
    expect(calls[0]?.request.headers['x-amz-invocation-type']).toBe('Event')
  })
})

describe('what came of a call', () => {
  const thrown = { errorType: 'Error', errorMessage: 'expected the id of a failover' }
  const cutOff = {
    errorType: 'Sandbox.Timedout',
    errorMessage: '2026-11-21T12:00:00Z 1 Error: Task timed out after 3.00 seconds',
  }
  const functionError = { 'x-amz-function-error': 'Unhandled' }
  test.each<[string, Parameters<typeof lambda>[0], object]>([
    [
      'that was refused',
      json(403, { Message: 'not authorized' }),
      { kind: 'failed', message: expect.stringContaining('403') },
    ],
    ['of a function that is not there', json(404, { Message: 'no' }), { kind: 'failed' }],
    [
      'that Lambda had no room for',
      json(429, { Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded' }),
      { kind: 'unknown', isThrottled: true },
    ],
    ['that broke Lambda', json(500, { Message: 'internal' }), { kind: 'unknown' }],
    [
      'of a function that threw',
      json(200, thrown, functionError),
      { kind: 'failed', thrown: 'expected the id of a failover' },
    ],
    ['of a function that was cut off', json(200, cutOff, functionError), { kind: 'unknown' }],
    ['whose reply is lost', (response) => void response.destroy(), { kind: 'unknown' }],
    [
      'whose reply is cut short',
      (response) => {
        response.writeHead(200, { 'content-length': '100' }).write('{')
        setTimeout(() => response.destroy(), 20)
      },
      { kind: 'unknown' },
    ],
    ['whose reply is no JSON', (response) => void response.end('<html>'), { kind: 'unknown' }],
  ])('%s', async (_, answer, came) => {
    const calls = await lambda(answer)
    expect(await call()).toMatchObject(came)
    expect(calls).toHaveLength(1)
  })

  test('that is not answered in time is not known', async () => {
    await lambda(() => {})
    expect(await call({ timeoutMs: 200 })).toMatchObject({
      kind: 'unknown',
      message: expect.stringContaining('Timeout'),
    })
  })

  test('that nobody took is certain not to have run', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_LAMBDA', `http://127.0.0.1:${await freePort()}`)
    expect(await call()).toMatchObject({ kind: 'failed', message: expect.stringContaining('ECONNREFUSED') })
  })

  test('is said in a few words, without a credential in them', async () => {
    // A refused signature is answered with all that was signed.
    await lambda((response, { request }) =>
      json(403, { Message: `x-amz-security-token:${request.headers['x-amz-security-token']} ${'x'.repeat(5000)}` })(
        response,
      ),
    )
    const { message } = (await call()) as { message: string }
    expect(message.length).toBeLessThan(400)
    for (const secret of [secretKey, token]) expect(message).not.toContain(secret)
    expect(message).toContain('x-amz-security-token:[secret]')
  })
})

describe('a vantage that is asked', () => {
  const ask = (limitMs = 5000) =>
    askVantages([{ id: 'north', region: 'eu-north-1', functionName: 'probe-now' }])(
      'north',
      { ask: 'votes', failover: 'live' },
      limitMs,
    )
  const ballot = { ballot: { one: 'up' }, causes: {} }

  test('gives its answer, and knows how long it has', async () => {
    const calls = await lambda(json(200, ballot))
    expect(await ask()).toEqual(ballot)
    expect(JSON.parse(calls[0]?.body ?? '')).toEqual({ question: { ask: 'votes', failover: 'live' }, limitMs: 5000 })
  })

  test('is asked again where its function was busy', async () => {
    const calls = await lambda((response, _, nth) => json(nth < 6 ? 429 : 200, nth < 6 ? {} : ballot)(response))
    expect(await ask()).toEqual(ballot)
    expect(calls).toHaveLength(6)
  })

  test('has no vote where it stays busy, and is not asked for longer than its answer is waited for', async () => {
    const calls = await lambda(json(429, {}))
    // The answer is waited for half a second, and three for the function to start.
    expect(await ask(500)).toBeUndefined()
    expect(calls.length).toBeGreaterThan(1)
    expect(calls.length).toBeLessThan(10)
  })

  test.each([
    ['breaks', json(500, {})],
    ['threw', json(200, { errorMessage: 'no' }, { 'x-amz-function-error': 'Unhandled' })],
  ] as const)('has no vote where its function %s, and is asked once', async (_, answer) => {
    const calls = await lambda(answer)
    expect(await ask()).toBeUndefined()
    expect(calls).toHaveLength(1)
  })

  test('that is not known has no vote', async () => {
    expect(await askVantages([])('south', { ask: 'votes', failover: 'live' }, 100)).toBeUndefined()
  })
})

describe('a hook that is a function', () => {
  const hook = () =>
    runLambdaHook(arn, { id: 'live', record: 'shop.live.test' }, { name: 'before', key: 'live/7', to: 'two' })

  test('is told what it is for, in its own region', async () => {
    const calls = await lambda(json(200, null))
    expect(await hook()).toEqual({ kind: 'hookOk' })
    expect(JSON.parse(calls[0]?.body ?? '')).toEqual({
      hook: 'before',
      failover: 'live',
      record: 'shop.live.test',
      to: 'two',
      key: 'live/7',
    })
    expect(calls[0]?.request.headers.authorization).toContain('/eu-west-1/lambda/')
  })

  test.each<[string, Parameters<typeof lambda>[0], string, RegExp]>([
    [
      'throws has failed, and keeps what it said to itself',
      json(200, { errorMessage: 'the password is swordfish' }, { 'x-amz-function-error': 'Unhandled' }),
      'hookFailed',
      /^its function failed or was cut off: its log says why$/,
    ],
    ['may not be called has failed', json(403, {}), 'hookFailed', /Lambda answered 403/],
    [
      'is cut off may have run',
      json(200, { errorMessage: 'Task timed out after 3.00 seconds' }, { 'x-amz-function-error': 'Unhandled' }),
      'hookUnknown',
      /cut off/,
    ],
    ['loses its reply may have run', (response) => void response.destroy(), 'hookUnknown', /./],
    ['has no room is tried again', json(429, {}), 'hookUnknown', /Lambda answered 429/],
  ])('and %s', async (_, answer, kind, why) => {
    await lambda(answer)
    expect(await hook()).toEqual({ kind, why: expect.stringMatching(why) })
  })
})
