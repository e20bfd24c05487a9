import { awsSecrets, createSecrets } from '../lib/act/secrets.ts'
import type { ProbeNowAsset, Question } from '../lib/decide/probe-now.ts'
import { createHost } from '../lib/run/host.ts'
import { readAsset, withFiles } from '../lib/run/lambda-asset.ts'
import { enableLinearRegex } from '../lib/run/linear-regex.ts'
import { createProbeNow } from '../lib/run/probe-now.ts'

enableLinearRegex()

// Written into the bundle.
const version = process.env.VEDETTE_VERSION ?? ''
const folder = import.meta.dirname
const asset = readAsset<ProbeNowAsset>(folder)
const secret = createSecrets(awsSecrets(), () => Date.now())
const answer = createProbeNow(
  { ...asset, monitors: asset.monitors.map((monitor) => withFiles(monitor, folder)) },
  createHost({ ...asset, version, secret }),
)

/** Answers a controller's question, within the time that it gives. */
export const handler = ({ question, limitMs }: { question: Question; limitMs: number }) =>
  answer(question, AbortSignal.timeout(limitMs))
