import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../support/ports.ts'
import { ensureVenv } from '../support/python.ts'

const readyTimeoutMs = 180_000
const pollMs = 50
const stopTimeoutMs = 5_000

/** An AWS of our own, on loopback. */
export interface Ministack {
  /** What AWS_ENDPOINT_URL is to be: `http://127.0.0.1:4566`. */
  endpoint: string
  pid: number
  /** The file that its output goes to, removed by `stop`. */
  log: string
  /** Ends it and the functions that it runs, and removes what they kept. */
  stop(): Promise<void>
}

export interface MinistackOptions {
  /** Any free one where not given. */
  port?: number
  /** Beside what it needs; functions inherit it all (AWS_ENDPOINT_URL here is the one that functions call). */
  env?: Record<string, string>
  /** CloudFormation types that MiniStack refuses: recorded in the stack, nothing made. By type, attributes that hold the id. */
  placeholders?: Readonly<Record<string, readonly string[]>>
  /** URL of a module that functions import before their own code. */
  preload?: string
}

/**
 * Starts MiniStack on 127.0.0.1 alone, with nothing of the user's environment but PATH, and waits until it answers.
 * Functions run as processes of this Node. All that it keeps is in one temporary folder, which `stop` removes.
 */
export async function startMinistack(options: MinistackOptions = {}): Promise<Ministack> {
  const bin = await ensureVenv()
  const port = options.port ?? (await freePort())
  const folder = mkdtempSync(path.join(tmpdir(), 'vedette-ministack-'))
  const log = path.join(folder, 'ministack.log')
  const [command, ...args] = commandLine(bin, options.placeholders ?? {})
  const output = openSync(log, 'a')
  // A group of its own: its functions' processes are in it and nobody else's.
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...environment(port, folder, options.preload), ...options.env },
    stdio: ['ignore', output, output],
    detached: true,
  })
  closeSync(output)
  const endNow = () => {
    signalGroup(child, 'SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', endNow)
  let stopped: Promise<void> | undefined
  const stop = () => {
    process.off('exit', endNow)
    stopped ??= end(child).then(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }))
    return stopped
  }
  const endpoint = `http://127.0.0.1:${port}`
  try {
    await ready(child, endpoint, path.join(folder, `ministack-${port}.pid`), log)
  } catch (error) {
    await stop()
    throw error
  }
  return { endpoint, pid: child.pid ?? 0, log, stop }
}

/**
 * Its CloudFormation refuses a whole template for one unknown type, so those are made known before it starts. It ends, and its
 * functions with it, when whoever started it has died: a test run that is killed says no goodbye.
 */
const launcher = `
import os, signal, sys, threading, time
from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS

def end_with(parent):
    while os.getppid() == parent:
        time.sleep(1)
    os.killpg(0, signal.SIGKILL)

threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()

def creating(attributes):
    def create(logical_id, props, stack_name):
        physical_id = props.get('Name') or f'{stack_name}-{logical_id}'
        return physical_id, {name: physical_id for name in attributes}
    return create

for kind, *attributes in (one.split('=') for one in sys.argv[1:]):
    _RESOURCE_HANDLERS.setdefault(kind, {
        'create': creating(attributes),
        'update': lambda physical_id, old, new, stack_name: (physical_id, {}),
        'delete': lambda physical_id, props: None,
    })
sys.argv[1:] = []
from ministack.app import main
main()
`

function commandLine(bin: string, placeholders: Readonly<Record<string, readonly string[]>>): [string, ...string[]] {
  const kinds = Object.entries(placeholders).map(([type, attributes]) => [type, ...attributes].join('='))
  return [path.join(bin, 'python'), '-c', launcher, ...kinds]
}

function environment(port: number, folder: string, preload: string | undefined): Record<string, string> {
  return {
    // `node` on it is what functions run on.
    PATH: [path.dirname(process.execPath), process.env.PATH ?? ''].join(path.delimiter),
    HOME: folder,
    TMPDIR: folder,
    PYTHONUNBUFFERED: '1',
    PYTHONUTF8: '1',
    BIND_HOST: '127.0.0.1',
    GATEWAY_PORT: String(port),
    // Listeners beside the one above, and a look for containers.
    IOT_MTLS_ENABLED: '0',
    SFTP_ENABLED: '0',
    DOCKER_HOST: `unix://${path.join(folder, 'no-docker.sock')}`,
    // Its own use of `url.parse` would be in every function's log.
    NODE_OPTIONS: ['--disable-warning=DEP0169', ...(preload ? [`--import=${preload}`] : [])].join(' '),
  }
}

/** Its pid file says that the port was its own to take: without it, another's answer on that port is not ours. */
async function ready(child: ChildProcess, endpoint: string, pidFile: string, log: string): Promise<void> {
  const fail = (what: string) => new Error(`MiniStack ${what}:\n${lastLines(log)}`)
  let failure: Error | undefined
  child.once('error', (error) => (failure = fail(`could not be started (${error.message})`)))
  child.once('exit', (code, signal) => (failure = fail(`ended (${signal ?? `exit code ${code}`}) before it was ready`)))
  const deadline = performance.now() + readyTimeoutMs
  while (performance.now() < deadline) {
    if (failure) throw failure
    if (existsSync(pidFile) && (await answers(`${endpoint}/_ministack/ready`))) return
    await sleep(pollMs)
  }
  throw fail(`was not ready after ${readyTimeoutMs / 1000} s`)
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(5_000) })).ok
  } catch {
    return false
  }
}

function lastLines(log: string): string {
  return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-20).join('\n')
}

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return signalGroup(child, 'SIGKILL')
  const ended = once(child, 'exit')
  signalGroup(child, 'SIGTERM')
  await Promise.race([ended, sleep(stopTimeoutMs, undefined, { ref: false })])
  // Whatever is left of it: itself, or a function that did not heed.
  signalGroup(child, 'SIGKILL')
  await ended
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
