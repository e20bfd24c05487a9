import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/history.ts'
import { freePort } from '../support/ports.ts'
import { ask } from '../support/site.ts'
import { vedette } from '../support/vedette.ts'

/** A folder with a config of one monitor that nobody answers. */
function folder(): string {
  const place = temporaryFolder()
  const monitors = [{ id: 'api', kind: 'http', url: 'http://127.0.0.1:9/' }]
  writeFileSync(path.join(place, 'vedette.config.json'), JSON.stringify({ service: 'shop', monitors }))
  return place
}

describe('vedette run, with its dashboard', { timeout: 120_000 }, () => {
  it('says where it is, serves it, and ends with 0', async () => {
    const port = await freePort()
    const run = vedette(['run', '--listen', `${port}`], folder())
    await run.saw('engine.started')
    // What was written before may be read after.
    await run.said(`Dashboard: http://127.0.0.1:${port}\n`)
    const { status, text } = await ask(`http://127.0.0.1:${port}/api/overview`)
    expect([status, JSON.parse(text).engine.service]).toEqual([200, 'shop'])
    run.process.kill('SIGTERM')
    expect(await run.ended).toBe(0)
  })

  it('serves it beyond this machine with a token of the environment, and does not print it', async () => {
    const port = await freePort('0.0.0.0')
    const token = 'a-token-of-enough-characters'
    const run = vedette(['run', '--verbose', '--listen', `0.0.0.0:${port}`], folder(), { VEDETTE_TOKEN: token })
    await run.saw('engine.started')
    expect((await ask(`http://127.0.0.1:${port}/metrics`)).status).toBe(401)
    const headers = { authorization: `Bearer ${token}` }
    expect((await ask(`http://127.0.0.1:${port}/metrics`, { headers })).status).toBe(200)
    run.process.kill('SIGTERM')
    expect(await run.ended).toBe(0)
    expect(run.out() + run.err()).not.toContain(token)
  })

  it('refuses to listen beyond this machine without a token, with why', async () => {
    const run = vedette(['run', '--listen', '0.0.0.0:4400'], folder())
    expect(await run.ended).toBe(2)
    expect(run.err()).toContain('vedette: --listen 0.0.0.0:4400 needs --token: 0.0.0.0 can be reached from elsewhere')
  })

  it('serves none where none is wanted', async () => {
    const run = vedette(['run', '--no-dashboard'], folder())
    await run.saw('engine.started')
    run.process.kill('SIGTERM')
    expect(await run.ended).toBe(0)
    expect(run.err()).not.toContain('Dashboard')
  })
})
