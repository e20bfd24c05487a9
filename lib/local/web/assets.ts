import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type Answer, answer, encode, hashOf } from './answer.ts'

/** What browsers load: the page, and by path what it names. */
export interface Assets {
  page: Answer
  byPath: ReadonlyMap<string, Answer>
  stylesheet: string
}

/** What esbuild made of the client, and the files that it was made of. */
interface Made {
  inputs: { file: string; size: number; mtimeMs: number }[]
  script: string
  style: string
}

const client = path.join(import.meta.dirname, 'client')
const root = path.resolve(import.meta.dirname, '../../..')

/** Named by their content, so that a browser need never ask again. */
const forever = 'public, max-age=31536000, immutable'

/** The best that Brotli can: files are compressed once and sent many times. */
const bestQuality = 11

/** Loads the client when it is first asked for. What was wrong may be mended, so it is tried again the next time. */
export function assetSource(cacheFile: string): () => Promise<Assets> {
  let loading: Promise<Assets> | undefined
  return () => {
    loading ??= loadAssets(cacheFile).catch((error) => {
      loading = undefined
      throw error
    })
    return loading
  }
}

/**
 * The client, bundled by esbuild, or as it was bundled last time where none of its files has changed since: `cacheFile`
 * holds that. Rejects where esbuild does, with what it says.
 */
async function loadAssets(cacheFile: string): Promise<Assets> {
  const known = await readMade(cacheFile)
  const made = known ?? (await bundle())
  // Whoever cannot keep it bundles anew next time.
  if (!known) await keepMade(cacheFile, made).catch(() => {})
  const files = [
    { name: 'main', extension: 'js', type: 'text/javascript; charset=utf-8', body: made.script },
    { name: 'main', extension: 'css', type: 'text/css; charset=utf-8', body: made.style },
  ]
  const byPath = new Map<string, Answer>()
  let html = await readFile(path.join(client, 'index.html'), 'utf8')
  for (const { name, extension, type, body } of files) {
    const hash = hashOf(body)
    const asset = answer(type, body, { etag: hash, cacheControl: forever })
    const at = `/assets/${name}-${hash}.${extension}`
    byPath.set(at, asset)
    html = html.replace(`/assets/${name}.${extension}`, at)
    await Promise.all([encode(asset, 'br', bestQuality), encode(asset, 'gzip')])
  }
  const page = answer('text/html; charset=utf-8', html, { etag: hashOf(html) })
  const stylesheet = [...byPath.keys()].find((at) => at.endsWith('.css')) ?? ''
  return { page, byPath, stylesheet }
}

/** esbuild has one process for all, and answers nobody whose work is under way when it is stopped. */
let bundling = 0

async function bundle(): Promise<Made> {
  const { build, stop } = await import('esbuild')
  bundling++
  const { outputFiles, metafile } = await build({
    entryPoints: { main: path.join(client, 'main.ts') },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: ['es2022'],
    outdir: 'assets',
    absWorkingDir: root,
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'silent',
  }).finally(async () => {
    // Its process has nothing more to do.
    if (--bundling === 0) await stop()
  })
  const textOf = (extension: string) => outputFiles.find((file) => file.path.endsWith(extension))?.text ?? ''
  const inputs = await Promise.all(Object.keys(metafile.inputs).map(inputOf))
  return { inputs, script: textOf('.js'), style: textOf('.css') }
}

async function inputOf(file: string): Promise<Made['inputs'][number]> {
  const { size, mtimeMs } = await stat(path.join(root, file))
  return { file, size, mtimeMs }
}

/** What was made before, if all that it was made of is still as it was. */
async function readMade(cacheFile: string): Promise<Made | undefined> {
  try {
    const made = JSON.parse(await readFile(cacheFile, 'utf8')) as Made
    const now = await Promise.all(made.inputs.map(({ file }) => inputOf(file)))
    return JSON.stringify(now) === JSON.stringify(made.inputs) ? made : undefined
  } catch {
    return undefined
  }
}

/** Written aside and put in its place whole: another run may be reading it. */
async function keepMade(cacheFile: string, made: Made): Promise<void> {
  await mkdir(path.dirname(cacheFile), { recursive: true })
  const aside = `${cacheFile}.${process.pid}`
  await writeFile(aside, JSON.stringify(made))
  await rename(aside, cacheFile)
}
