import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Config } from '../model/config.ts'
import type { Monitor } from '../model/monitor.ts'
import { ConfigError, parseConfig } from '../model/parse-config.ts'
import { formatPath, type Problem } from '../model/problem.ts'
import { UsageError } from './usage-error.ts'

const defaultFiles = ['vedette.config.ts', 'vedette.config.json']

/**
 * Reads and checks a config file (`.ts`, `.js`, `.mjs` or `.json`; by default vedette.config.ts, then .json).
 * Paths of certificate files are made absolute, from the config's folder. Throws `UsageError` or `ConfigError`.
 */
export async function loadConfig(file?: string): Promise<Config> {
  const configFile = path.resolve(file ?? defaultFiles.find((name) => existsSync(name)) ?? (defaultFiles[0] as string))
  const config = parseConfig(await readInput(configFile))
  const problems: Problem[] = []
  const folder = path.dirname(configFile)
  const monitors = config.monitors.map((monitor, i) => withAbsoluteFiles(monitor, i, folder, problems))
  if (problems.length > 0) throw new ConfigError(problems)
  return { ...config, monitors }
}

async function readInput(file: string): Promise<unknown> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(unreadable(file, error as NodeJS.ErrnoException))
  }
  if (text.trim() === '')
    throw new UsageError(`${file} is empty: write a config into it (the README has one to start from)`)
  if (/\.json$/i.test(file)) return parseJson(text, file)
  if (!/\.[cm]?[jt]s$/i.test(file))
    throw new UsageError(`${file}: expected a config that ends in .ts, .js, .mjs or .json`)
  try {
    const module = (await import(pathToFileURL(file).href)) as { default?: unknown }
    if (module.default === undefined)
      throw new UsageError(`${file} exports nothing as default: write "export default defineConfig({ … })"`)
    return module.default
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`${file} could not be run: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function unreadable(file: string, error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT')
    return `${file} does not exist: name a config with --config FILE, or try "npm start", which needs none`
  if (error.code === 'EISDIR') return `${file} is a folder: name the config in it with --config FILE`
  return `${file} cannot be read: ${error.message}`
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UsageError(`${file} is no JSON: ${(error as Error).message}`)
  }
}

function withAbsoluteFiles(monitor: Monitor, i: number, folder: string, problems: Problem[]): Monitor {
  const tls = { ...monitor.tls }
  for (const key of ['caFile', 'certFile', 'keyFile'] as const) {
    const given = tls[key]
    if (!given) continue
    tls[key] = path.resolve(folder, given)
    try {
      accessSync(tls[key], constants.R_OK)
    } catch {
      problems.push({
        path: formatPath(['monitors', i, 'tls', key]),
        expected: 'a file that can be read',
        got: `"${tls[key]}"`,
      })
    }
  }
  return { ...monitor, tls }
}
