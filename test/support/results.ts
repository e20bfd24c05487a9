import type { ProbeResult } from '../../lib/model/result.ts'

/** A probe result like a real one; `index` varies what varies. */
export function httpResult(
  monitor: string,
  atMs: number,
  over: Partial<ProbeResult> & { index?: number } = {},
): ProbeResult {
  const { index = 0, ...rest } = over
  const phases = {
    resolve: 0.4 + (index % 7) / 10,
    connect: 8 + (index % 13) / 3,
    tls: 21 + (index % 29) / 5,
    processing: 40 + ((index * 7919) % 601) / 9,
    transfer: 0.5 + (index % 11) / 8,
  }
  const durationMs = Object.values(phases).reduce((sum, ms) => sum + ms, 0.07)
  return {
    monitor,
    kind: 'http',
    vantage: 'local',
    status: 'up',
    startedAt: new Date(atMs).toISOString(),
    durationMs: Math.round(durationMs * 1000) / 1000,
    attempts: 1,
    phases,
    observed: {
      statusCode: 200,
      ip: '192.0.2.10',
      httpVersion: '1.1',
      headers: {
        date: new Date(atMs).toUTCString(),
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store, max-age=0',
        'x-request-id': `${monitor}-${atMs.toString(36)}-${(index * 2654435761) % 4294967296}`,
        server: 'nginx',
      },
      bodyBytes: 1256 + (index % 5),
      decodedBytes: 4321,
      redirects: 0,
      certificate: {
        subject: 'CN=api.example.com',
        issuer: "CN=R11, O=Let's Encrypt, C=US",
        sans: ['api.example.com', 'www.example.com'],
        validFrom: '2026-10-01T00:00:00.000Z',
        validTo: '2026-12-30T00:00:00.000Z',
        fingerprint256:
          'AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99',
        daysRemaining: 38.55,
        chain: [],
      },
    },
    ...rest,
  }
}

/** A failed result. */
export function failedResult(monitor: string, atMs: number, over: Partial<ProbeResult> = {}): ProbeResult {
  const failure = {
    code: 'CONNECT_REFUSED',
    stage: 'connect',
    message: 'expected a connection to 192.0.2.10:443, got refused: is the server running?',
  } as const
  return httpResult(monitor, atMs, { status: 'down', durationMs: 1.2, phases: {}, observed: {}, failure, ...over })
}
