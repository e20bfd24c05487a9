import { registerHooks } from 'node:module'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { UsageError } from './usage-error.ts'

const own = new URL('../model/index.ts', import.meta.url).href

/**
 * Runs a config in TypeScript or JavaScript, in whatever folder it lies: there `vedette` is this very program, and `.ts` is a
 * module whatever a package.json beside it says (`npm init` writes "commonjs"). Throws a `UsageError` that says where it failed.
 */
export async function runConfig(file: string): Promise<{ default?: unknown }> {
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (specifier === 'vedette') return { url: own, shortCircuit: true }
      const resolved = next(specifier, context)
      const { pathname, protocol } = new URL(resolved.url)
      const isScript = protocol === 'file:' && pathname.endsWith('.ts') && !pathname.includes('/node_modules/')
      return isScript ? { ...resolved, format: 'module-typescript' } : resolved
    },
  })
  try {
    return await import(pathToFileURL(file).href)
  } catch (error) {
    throw new UsageError(`${placeOf(error) ?? file} could not be run: ${messageOf(error)}`)
  } finally {
    hooks.deregister()
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** `file:line:column` of an error: Node puts a line it cannot read before the stack, with a mark below; else it is a frame's. */
function placeOf(error: unknown): string | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const [head = ''] = stack.split('\n\n')
  const unread = /^((?:file:\/)?\/.*):(\d+)\n/.exec(head)
  if (unread?.[1]) {
    const mark = /^ *\^+ *$/m.exec(head)?.[0].indexOf('^')
    return `${pathOf(unread[1])}:${unread[2]}${mark === undefined ? '' : `:${mark + 1}`}`
  }
  const frames = [...stack.matchAll(/^ +at .*?(file:\/\/[^\s)]+?)((?::\d+){2})\)?$/gm)]
  const places = frames.map(([, url = '', place]) => `${pathOf(url)}${place}`)
  return places.find((place) => !place.startsWith(path.resolve(import.meta.dirname, '..')))
}

function pathOf(file: string): string {
  return file.startsWith('file:') ? fileURLToPath(file) : file
}
