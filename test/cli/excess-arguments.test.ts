import { afterEach, describe, expect, test, vi } from 'vitest'
import { main } from '../../lib/cli/main.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

/** The first line that a call says on standard error, and its exit code. */
async function complaint(...args: string[]): Promise<[string | undefined, number]> {
  const said: string[] = []
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0)
  const code = await main(args)
  return [said.join('').split('\n')[0], code]
}

describe('an argument too many is a usage error that says how to write what was meant', () => {
  test.each([
    [['failover', 'lock', 'api'], 'write vedette failover lock --failover api'],
    [['failover', 'unlock', 'api'], 'write vedette failover unlock --failover api'],
    [['failover', 'adopt', 'api'], 'write vedette failover adopt --failover api'],
    [['failover', 'approve', 'euw1', 'api'], 'write vedette failover approve euw1 --failover api'],
    [['failover', 'to', 'euw1', 'api'], 'write vedette failover to euw1 --failover api'],
    [['failover', 'status', 'api'], 'vedette failover status --help lists its options'],
    [['failover', 'plan', 'mine.json'], 'write vedette failover plan --config mine.json'],
    [['drill', 'api', 'other'], 'vedette drill --help lists its options'],
    [['check', 'api'], 'write vedette check --monitor api'],
    [['check', 'it is'], "write vedette check --monitor 'it is'"],
    [['run', 'mine.ts'], 'write vedette run --config mine.ts'],
    [['validate', 'mine.json'], 'write vedette validate --config mine.json'],
    [['budget', '10m'], 'write vedette budget --since 10m'],
    [['timeline', '2h'], 'write vedette timeline --from 2h'],
    [['notify', 'test', 'page'], 'write vedette notify test --route page'],
    [['notify', 'change', 'the', "shop's", 'new', 'prices'], "write vedette notify change 'the shop'\\''s new prices'"],
    [['plan', 'api'], 'vedette plan --help lists its options'],
  ])('%j', async (args, hint) => {
    const [said, code] = await complaint(...args)
    expect(said).toMatch(/^error: expected (no arguments|nothing after <\w+>), got "/)
    expect(said?.endsWith(` (${hint})`), `${said}`).toBe(true)
    expect(code).toBe(2)
  })

  test('what was meant for another command is still told apart', async () => {
    expect(await complaint('failover', 'lok', 'api')).toEqual(["error: unknown command 'lok'", 2])
    expect(await complaint('failover', 'lock', '--monitor', 'api')).toEqual(["error: unknown option '--monitor'", 2])
  })
})
