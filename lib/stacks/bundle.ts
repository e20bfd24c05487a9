import path from 'node:path'
import { type BuildOptions, buildSync } from 'esbuild'

const root = path.resolve(import.meta.dirname, '../..')

/** Functions in `functions/` that are deployed. */
export type FunctionName = 'probe'

/**
 * How a function becomes one file. Importing is billed and delays the first probe, so the AWS SDK's chain of credential
 * providers (a third of a bundle) is replaced by the only one that a function has, and undici's second copy of its parser is
 * left out.
 */
export function bundleOptions(name: FunctionName): BuildOptions {
  return {
    entryPoints: [path.join(root, 'functions', `${name}.ts`)],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    // undici names its WebAssembly parser twice; it falls back to the one that is left where this one is missing.
    external: ['../llhttp/llhttp-wasm.js'],
    define: { esbuildDetection: 'true' },
    alias: { '@aws-sdk/credential-provider-node': path.join(root, 'lib/act/credentials.ts') },
    // What is left of CommonJS in the bundle asks for Node's modules by `require`.
    banner: { js: "import{createRequire as __r}from'node:module';const require=__r(import.meta.url);" },
    legalComments: 'none',
    logLevel: 'warning',
  }
}

const made = new Map<FunctionName, string>()

/** The code of a function as one ES module, made once in this process. */
export function bundleFunction(name: FunctionName): string {
  const known = made.get(name)
  if (known !== undefined) return known
  const { outputFiles } = buildSync({ ...bundleOptions(name), write: false })
  const code = outputFiles[0]?.text
  if (code === undefined) throw new Error(`esbuild gave no output for functions/${name}.ts`)
  made.set(name, code)
  return code
}
