import { body, defineConfig, dns, duration, header, http, json, rcode, status, tcp, tls } from 'vedette'
import { expect, test } from 'vitest'
import { parseConfig } from '../../lib/model/parse-config.ts'

test('builders make the data that a config is', () => {
  const config = defineConfig({
    service: 'shop',
    monitors: [
      http('api', 'https://shop.test/', {
        every: '30s',
        expect: [
          status(200, 204),
          json('$.ok').eq(true),
          header('server').notExists(),
          body().contains('hi'),
          duration().lt('800ms', 'degraded'),
        ],
      }),
      dns('zone', 'shop.test', { expect: [rcode('NXDOMAIN')] }),
      tcp('mail', 'mx.shop.test', 25),
      tls('cert', 'shop.test'),
    ],
  })
  expect(config.monitors[0]).toEqual({
    id: 'api',
    kind: 'http',
    url: 'https://shop.test/',
    every: '30s',
    expect: [
      { source: 'status', op: 'in', value: [200, 204] },
      { source: 'json', path: '$.ok', op: 'eq', value: true },
      { source: 'header', name: 'server', op: 'notExists' },
      { source: 'body', op: 'contains', value: 'hi' },
      { source: 'duration', op: 'lt', value: '800ms', level: 'degraded' },
    ],
  })
  expect(parseConfig(config).monitors.map(({ id }) => id)).toEqual(['api', 'zone', 'mail', 'cert'])
})
