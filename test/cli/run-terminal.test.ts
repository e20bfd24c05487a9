import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/history.ts'

const bin = path.resolve(import.meta.dirname, '../../bin/vedette.ts')

/** Runs `vedette run` in a terminal (util-linux's script) until it shows `text`, then presses Ctrl-C; gives all that was printed. */
function untilShown(folder: string, text: string): Promise<{ code: number | null; printed: string }> {
  // A shell that stays would take the Ctrl-C too, and some then end as if it had killed them.
  const command = `stty rows 24 cols 160; exec ${process.execPath} ${bin} run --no-dashboard`
  const env = { ...process.env, SHELL: '/bin/sh', TERM: 'xterm', VEDETTE_TEST_NO_HOOK: '' }
  const terminal = spawn('script', ['-qec', command, '/dev/null'], { cwd: folder, env })
  let printed = ''
  let isPressed = false
  terminal.stdout.on('data', (chunk) => {
    printed += chunk
    if (isPressed || !printed.includes(text)) return
    isPressed = true
    terminal.stdin.write('\x03')
  })
  return new Promise((resolve) => terminal.on('close', (code) => resolve({ code, printed })))
}

test.runIf(process.platform === 'linux')(
  'what is shown fits the terminal; Ctrl-C leaves the last state there, who cannot be told, and what starts it again',
  async () => {
    const folder = temporaryFolder()
    const monitor = { id: 'api', kind: 'tcp', host: '127.0.0.1', port: 1, every: '2s', timeout: '1s', retries: 0 }
    const routes = { page: [{ kind: 'webhook', url: { env: 'VEDETTE_TEST_NO_HOOK' } }] }
    const others = Array.from({ length: 30 }, (_, index) => ({ ...monitor, id: `later-${index}`, every: '1d' }))
    const config = { service: 'shop', monitors: [{ ...monitor, thresholds: { down: 1, up: 1 } }, ...others], routes }
    writeFileSync(path.join(folder, 'vedette.config.json'), JSON.stringify(config))
    const { code, printed } = await untilShown(folder, 'CANNOT TELL page-1')
    expect(code).toBe(0)
    const [shown = '', left = ''] = printed.split('\x1b[?1049l')
    const screens = shown.split('\x1b[H').slice(1)
    expect(screens.map((screen) => screen.split('\r\n').length).filter((lines) => lines > 24)).toEqual([])
    expect(screens[0]).toContain('Ctrl-C ends it.')
    const lines = stripVTControlCharacters(left).split(/\r?\n/)
    expect(lines[0]).toMatch(/^vedette · shop · 1 down · /)
    expect(lines.join('\n')).toContain('routes.page[0].url: the environment variable VEDETTE_TEST_NO_HOOK is not set')
    expect(lines.join('\n')).toMatch(/✖ down .* api .*CONNECT_REFUSED/)
    expect(lines.at(-2)).toMatch(/^history kept in .*history\.db; start again with: vedette run$/)
  },
)
