import { Console } from 'node:console'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { failoverProblems } from '../decide/failover-checks.ts'
import type { Config } from '../model/config.ts'
import { type Monitor, tlsFileKeys } from '../model/monitor.ts'
import { ConfigError, readConfig } from '../model/parse-config.ts'
import { type Problem, unlessTold, withIds } from '../model/problem.ts'
import { runConfig } from './run-config.ts'
import { tlsFileProblems } from './tls-files.ts'
import { UsageError } from './usage-error.ts'

const defaultFiles = ['vedette.config.ts', 'vedette.config.json']

/** More that is to be checked of a config, whose wrong parts have stand-ins. */
export type MoreProblems = (config: Config) => Problem[]

/**
 * Reads and checks a config file (`.ts`, `.js`, `.mjs` or `.json`; by default that of `$VEDETTE_CONFIG`, else vedette.config.ts,
 * then .json). Paths of certificate files are made absolute, from the config's folder. Throws `UsageError`, or a `ConfigError`
 * with all that is wrong, by `more` too.
 */
export async function loadConfig(file?: string, more: MoreProblems = () => []): Promise<Config> {
  const configFile = path.resolve(namedConfig(file) ?? defaultFile())
  const input = await readInput(configFile)
  const folder = path.dirname(configFile)
  const { config, problems } = readConfig(input)
  problems.push(...tlsFileProblems(input, folder))
  if (config) problems.push(...unlessTold([...failoverProblems(config), ...more(config)], problems))
  if (!config || problems.length > 0) throw new ConfigError(withIds(problems, input))
  return { ...config, monitors: config.monitors.map((monitor) => withAbsoluteFiles(monitor, folder)) }
}

/** The config that was named: by an option, or in the environment. */
export function namedConfig(file: string | undefined): string | undefined {
  return file ?? (process.env.VEDETTE_CONFIG || undefined)
}

function defaultFile(): string {
  return defaultFiles.find((name) => existsSync(name)) ?? (defaultFiles[0] as string)
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
  const module = await quietly(() => runConfig(file))
  if (module.default === undefined)
    throw new UsageError(`${file} exports nothing as default: write "export default defineConfig({ … })"`)
  return module.default
}

/** What a config prints while it is run goes to standard error: standard output belongs to the command. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const { console } = globalThis
  globalThis.console = new Console(process.stderr)
  try {
    return await work()
  } finally {
    globalThis.console = console
  }
}

function unreadable(file: string, error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT')
    return `${file} does not exist: name a config with --config FILE or VEDETTE_CONFIG, or try "npm start", which needs none`
  if (error.code === 'EISDIR') return `${file} is a folder: name the config in it with --config FILE`
  return `${file} cannot be read: ${error.message}`
}

function parseJson(text: string, file: string): unknown {
  try {
    // Some editors put a byte order mark before everything.
    return JSON.parse(text.replace(/^\ufeff/, ''))
  } catch (error) {
    throw new UsageError(`${file} is no JSON: ${(error as Error).message}`)
  }
}

function withAbsoluteFiles(monitor: Monitor, folder: string): Monitor {
  const absolute = tlsFileKeys.flatMap((key) => {
    const file = monitor.tls[key]
    return file ? [[key, path.resolve(folder, file)]] : []
  })
  return { ...monitor, tls: { ...monitor.tls, ...Object.fromEntries(absolute) } }
}
