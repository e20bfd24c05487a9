import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

const root = path.resolve(import.meta.dirname, '../..')
const bin = path.join(root, 'node_modules', 'aws-cdk', 'bin', 'cdk')
const keptLines = 40

export interface CdkOptions {
  /** The command that synthesizes, a folder that holds what it made, or '' for none; where not given, cdk.json's. */
  app?: string
  /** Where what is synthesized is kept; nowhere where not given. */
  output?: string
  context?: Record<string, string>
  /** Each line of output, as it comes. */
  onLine?: (line: string) => void
}

/**
 * Runs the real CDK command line against a sandbox: `cdk(['deploy', '--all', '--require-approval', 'never'], sandbox)`.
 * Nothing of the user's environment but PATH reaches it. Rejects with the last lines of its output when it fails.
 */
export async function cdk(args: string[], sandbox: { endpoint: string }, options: CdkOptions = {}): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'vedette-cdk-'))
  try {
    const all = [bin, ...args, ...flags(folder, options)]
    const child = spawn(process.execPath, all, {
      cwd: root,
      env: environment(sandbox.endpoint, folder),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const lines: string[] = []
    const keep = (line: string) => {
      lines.push(line)
      if (lines.length > keptLines) lines.shift()
      options.onLine?.(line)
    }
    onLines(child.stdout, keep)
    onLines(child.stderr, keep)
    const [code, signal] = await once(child, 'close')
    if (code !== 0) throw new Error(`cdk ${args.join(' ')} ended with ${signal ?? code}:\n${lines.join('\n')}`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function flags(folder: string, { app, output = path.join(folder, 'out'), context = {} }: CdkOptions): string[] {
  const pairs = Object.entries(context).flatMap(([key, value]) => ['--context', `${key}=${value}`])
  return ['--no-notices', '--output', output, ...(app === undefined ? [] : ['--app', app]), ...pairs]
}

function environment(endpoint: string, folder: string): Record<string, string> {
  return {
    PATH: [path.dirname(process.execPath), process.env.PATH ?? ''].join(path.delimiter),
    // Its caches, and no ~/.cdk.json or ~/.aws of the user's.
    HOME: folder,
    CDK_HOME: path.join(folder, '.cdk'),
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: 'sandbox',
    AWS_SECRET_ACCESS_KEY: 'sandbox',
    AWS_REGION: 'us-east-1',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    CDK_DISABLE_VERSION_CHECK: '1',
    CI: 'true',
    NO_COLOR: '1',
  }
}

function onLines(stream: Readable, take: (line: string) => void): void {
  createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', take)
}
