import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

const root = path.resolve(import.meta.dirname, '../..')
const venv = path.join(root, '.venv')
const requirements = path.join(import.meta.dirname, 'requirements.txt')
/** A copy of the requirements, written last: where it differs or lacks, the environment is remade. */
const stamp = path.join(venv, 'vedette-requirements.txt')
const lock = path.join(root, 'node_modules', '.vedette-venv.lock')

const installTimeoutMs = 10 * 60_000
const pythons = ['python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3']
/** No Python that can hold the sandbox and cfn-lint, or none of their packages to be had: all else can run here. */
export class NoPython extends Error {
  override name = 'NoPython'
}

let ensured: Promise<string> | undefined

/**
 * Makes `.venv` in the project's root unless it holds what requirements.txt asks for; gives the folder of its programs.
 * Throws NoPython where there is none that can.
 */
export function ensureVenv(): Promise<string> {
  ensured ??= ensure().catch((error) => {
    ensured = undefined
    throw error
  })
  return ensured
}

async function ensure(): Promise<string> {
  const bin = path.join(venv, 'bin')
  if (isMade(bin)) return bin
  await withLock(async () => {
    if (isMade(bin)) return
    const python = await findPython()
    await rm(venv, { recursive: true, force: true })
    await run(python, ['-m', 'venv', venv])
    const quiet = ['--quiet', '--disable-pip-version-check', '--no-input']
    await install(path.join(venv, 'bin', 'python'), [...quiet, '--requirement', requirements])
    await copyFile(requirements, stamp)
  })
  return bin
}

/** Runs `pip install`. Throws NoPython, with what pip said last, where it cannot. */
export async function install(python: string, args: readonly string[]): Promise<void> {
  try {
    await run(python, ['-m', 'pip', 'install', ...args], { timeout: installTimeoutMs })
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string }
    const lines = stderr.split('\n').filter((line) => line.trim() !== '')
    const last = lines.findLast((line) => line.startsWith('ERROR: ')) ?? lines.at(-1) ?? message.split('\n')[0]
    const what = /connection broken|Max retries|timed out/i.test(stderr)
      ? 'pip could not reach PyPI (needed once, for the sandbox and cfn-lint; PIP_INDEX_URL names a mirror)'
      : 'pip could not install what the sandbox and cfn-lint need'
    throw new NoPython(`${what}: ${last}`)
  }
}

function isMade(bin: string): boolean {
  if (!existsSync(stamp) || !existsSync(path.join(bin, 'python'))) return false
  return readFileSync(stamp, 'utf8') === readFileSync(requirements, 'utf8')
}

/** A command on PATH may be there and not run (a version manager's shim), so each is asked. */
async function findPython(): Promise<string> {
  const question = 'import sys; assert sys.version_info >= (3, 10)'
  let canRun: string | undefined
  for (const python of pythons) {
    if (!(await succeeds(python, question))) continue
    canRun ??= python
    if (await succeeds(python, 'import ensurepip, venv')) return python
  }
  if (canRun === undefined)
    throw new NoPython('the sandbox needs Python 3.10 or later on PATH (Debian: apt install python3 python3-venv)')
  throw new NoPython(`the sandbox needs ${canRun}'s venv and ensurepip (Debian: apt install python3-venv)`)
}

async function succeeds(python: string, code: string): Promise<boolean> {
  try {
    await run(python, ['-c', code])
    return true
  } catch {
    return false
  }
}

/** Test files run at once: one makes the environment, the others wait for it. */
async function withLock(work: () => Promise<void>): Promise<void> {
  while (!(await takeLock())) await sleep(200)
  try {
    await work()
  } finally {
    await rm(lock, { force: true })
  }
}

async function takeLock(): Promise<boolean> {
  try {
    await writeFile(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    const holder = Number(await readFile(lock, 'utf8').catch(() => ''))
    if (!isAlive(holder)) await rm(lock, { force: true })
    return false
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/**
 * Whether the sandbox and cfn-lint can run here. Where it cannot (no Python, no packages to be had), says loudly what is skipped, or
 * throws with VEDETTE_REQUIRE_SYSTEM=1.
 */
export async function requirePython(): Promise<boolean> {
  try {
    await ensureVenv()
    return true
  } catch (error) {
    if (process.env.VEDETTE_REQUIRE_SYSTEM === '1') throw error
    console.warn(`\nSKIPPED: tests that need Python, because ${(error as Error).message}\n`)
    return false
  }
}
