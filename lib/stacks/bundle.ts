import { builtinModules, createRequire } from 'node:module'
import path from 'node:path'
import { type BuildOptions, build, type Plugin } from 'esbuild'
import manifest from '../../package.json' with { type: 'json' }
import { allRoutes } from '../decide/notify-config.ts'
import type { Config } from '../model/config.ts'

const root = path.resolve(import.meta.dirname, '../..')

/** Functions in `functions/` that are deployed. */
export type FunctionName = 'probe' | 'probe-now' | 'failover' | 'notify'

/** The functions that a config needs: without failovers and routes only the one that probes. */
export function functionsOf(config: Pick<Config, 'failovers' | 'routes'>): FunctionName[] {
  const deciding: FunctionName[] = config.failovers.length > 0 ? ['probe-now', 'failover'] : []
  return ['probe', ...deciding, ...(allRoutes(config).length > 0 ? ['notify' as const] : [])]
}

/** The files of a function's code: names and contents. `index.mjs` is its entry. */
export type Bundle = Record<string, string>

/**
 * How code becomes what Lambda runs: ES modules, minified, the SDK with it. Importing is billed and delays the first probe,
 * so the SDK's chain of credential providers gives way to the only one that a function has, undici's second copy of its
 * parser is left out, Node's modules are taken without their facades, and clients that few functions need lie in files of
 * their own.
 */
export const bundleOptions = {
  bundle: true,
  splitting: true,
  minify: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  outdir: 'out',
  outExtension: { '.js': '.mjs' },
  mainFields: ['module', 'main'],
  // undici falls back to the one parser that is left; the SDK wants bowser in browsers alone, and event streams for calls
  // that nothing here makes.
  external: ['../llhttp/llhttp-wasm.js', 'bowser', '@smithy/core/event-streams'],
  define: { esbuildDetection: 'true', 'process.env.VEDETTE_VERSION': JSON.stringify(manifest.version) },
  alias: { '@aws-sdk/credential-provider-node': path.join(root, 'lib/act/credentials.ts') },
  // What is CommonJS in the bundle asks for Node's modules by `require`.
  banner: { js: "import{createRequire as __r}from'node:module';const require=__r(import.meta.url);" },
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [plainBuiltins()],
  write: false,
} satisfies BuildOptions

const made = new Map<FunctionName, Promise<Bundle>>()

/** The code of all functions that a config needs. */
export async function bundleFor(
  config: Pick<Config, 'failovers' | 'routes'>,
): Promise<Partial<Record<FunctionName, Bundle>>> {
  const names = functionsOf(config)
  const bundles = await Promise.all(names.map(bundleFunction))
  return Object.fromEntries(names.map((name, i) => [name, bundles[i]]))
}

/** The code of a function, made once in this process. */
export function bundleFunction(name: FunctionName): Promise<Bundle> {
  const known = made.get(name) ?? bundle(path.join(root, 'functions', `${name}.ts`))
  made.set(name, known)
  return known
}

async function bundle(entry: string): Promise<Bundle> {
  const { outputFiles } = await build({ ...bundleOptions, entryPoints: { index: entry } })
  return Object.fromEntries(outputFiles.map(({ path: file, text }) => [path.basename(file), text]))
}

/**
 * Imports of Node's modules by `require`: an ES import makes a facade that reads every property, and some of those (of
 * crypto and fs) load half of Node. Each name is a pure expression of its own, so that only those in use are left.
 */
function plainBuiltins(): Plugin {
  const load = createRequire(import.meta.url)
  const isName = /^(?!default$|class$|function$)[A-Za-z_$][\w$]*$/
  return {
    name: 'plain-builtins',
    setup({ onResolve, onLoad }) {
      onResolve(
        { filter: new RegExp(`^(node:.*|${builtinModules.join('|')})$`) },
        ({ path: name, kind, namespace }) => {
          if (kind === 'require-call' || namespace === 'builtin') return { path: name, external: true }
          return { path: name.replace(/^(?!node:)/, 'node:'), namespace: 'builtin', sideEffects: false }
        },
      )
      onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path: name }) => {
        const names = Object.getOwnPropertyNames(load(name)).filter((key) => isName.test(key))
        const lines = names.map(
          (key, i) => `const e${i} = /*@__PURE__*/ (() => m.${key})()\nexport { e${i} as ${key} }`,
        )
        const module = `const m = /*@__PURE__*/ require(${JSON.stringify(name)})\nexport default m`
        return { loader: 'js', contents: [module, ...lines].join('\n') }
      })
    },
  }
}
