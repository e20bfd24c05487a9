import { billOf } from '../decide/cost.ts'
import { withoutEndedWindows } from '../decide/mute-rules.ts'
import { enableLinearRegex } from '../run/linear-regex.ts'
import { addStacks, createApp } from '../stacks/app.ts'
import { bundleFor } from '../stacks/bundle.ts'
import { dollars } from './cost.ts'
import { loadDeployable } from './load-deployable.ts'
import { processOutput } from './output.ts'
import { userErrorText } from './user-error.ts'

/**
 * What `cdk` runs: makes the stacks of the config named by `-c config=FILE` (by default vedette.config.ts, then .json). Gives
 * the exit code: 1 where the config is wrong, with what to do on standard error; standard output belongs to the CDK.
 */
export async function synth(): Promise<number> {
  enableLinearRegex()
  const output = processOutput()
  const app = createApp()
  try {
    const config = withoutEndedWindows(await loadDeployable(app.node.tryGetContext('config')), Date.now())
    const account = process.env.CDK_DEFAULT_ACCOUNT
    addStacks(app, config, { code: await bundleFor(config), ...(account && { account }) })
    app.synth()
    output.err(`${config.service}: about ${dollars(billOf(config).monthlyUsd)} a month (vedette cost shows every line)`)
    // Findings of a check at synth set it.
    return Number(process.exitCode ?? 0)
  } catch (error) {
    const text = userErrorText(error)
    if (text === undefined) throw error
    output.err(text)
    return 1
  }
}
