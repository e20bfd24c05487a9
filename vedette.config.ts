import { answers, body, defineConfig, dns, duration, http, json, status, tcp, ttl } from 'vedette'

// What runs out of the box: it watches the shop that `npm start` brings up. It belongs to the clone: keep your own config in a
// folder of your own (README, "Watch your own site").
export default defineConfig({
  service: 'shop',
  // Where cdk deploy runs it from, and where results are gathered and judged. Here, on one machine, neither is used.
  vantages: ['us-east-1', 'eu-west-1', 'ap-southeast-1'],
  controllers: ['us-west-2', 'eu-central-1'],
  monitors: [
    http('home', 'http://127.0.0.1:4481/', {
      expect: [status(200), body().contains('Demo shop'), duration().lt('500ms', 'degraded')],
    }),
    http('api', 'http://127.0.0.1:4481/api/health', { expect: [json('$.status').eq('ok')], dependsOn: ['port'] }),
    tcp('port', '127.0.0.1', 4481),
    dns('zone', 'shop.test', {
      servers: ['127.0.0.1:4453'],
      recursion: false,
      expect: [answers().equals(['127.0.0.1']), ttl().lte(60)],
    }),
  ],
})
