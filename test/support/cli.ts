import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { lastingFolder } from './lasting-folder.ts'

const bin = path.resolve(import.meta.dirname, '../../bin/vedette.ts')

export interface Ran {
  code: number | null
  stdout: string
  stderr: string
}

/** Runs the command line as a user would, in a pipe. */
export function vedette(args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Promise<Ran> {
  const child = spawn(process.execPath, [bin, ...args], {
    ...options,
    env: { ...process.env, NO_COLOR: '1', ...options.env },
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })))
}

let folder: string | undefined

/** A file with this text, kept as long as this process. */
export function tempFile(name: string, text: string): string {
  const file = path.join(tempFolder(), name)
  writeFileSync(file, text)
  return file
}

/** A folder of this process's own, gone when it ends. */
export function tempFolder(): string {
  folder ??= lastingFolder('cli')
  return folder
}
