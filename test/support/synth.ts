import { readFileSync } from 'node:fs'
import path from 'node:path'
import { type App, Validations } from 'aws-cdk-lib'
import type { CloudAssembly } from 'aws-cdk-lib/cx-api'
import { parseConfig } from '../../lib/model/parse-config.ts'
import { addStacks, createApp } from '../../lib/stacks/app.ts'
import { bundleFunction } from '../../lib/stacks/bundle.ts'
import { lastingFolder } from './lasting-folder.ts'

/** Nothing in a template depends on what these functions do. */
const stub = { 'index.mjs': 'export const handler = () => undefined\n' }

export const code = { probe: await bundleFunction('probe'), 'probe-now': stub, failover: stub, notify: stub }

const cdkJson = JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../cdk.json'), 'utf8'))

/** A CloudFormation template, as far as tests look into it. */
export interface TemplateJson {
  Resources: Record<string, { Type: string; Properties: Record<string, unknown>; DependsOn?: string[] }>
}

/** An app with the feature flags of cdk.json, as the CDK's command line makes it; gone when this process ends. */
export function testApp(): App {
  return createApp({ outdir: lastingFolder('synth'), context: cdkJson.context })
}

/** The stacks of a config as written. What is only warned of is not printed. */
export function synthesize(input: unknown): CloudAssembly {
  const app = testApp()
  for (const id of ['vedette:ipv6', 'vedette:loopback'])
    Validations.of(app).acknowledge({ id: `Annotation::${id}`, reason: 'nothing is deployed' })
  addStacks(app, parseConfig(input), { code })
  return app.synth()
}

/** The template of a stack by its name. */
export function templateOf(assembly: CloudAssembly, stack: string): TemplateJson {
  return assembly.getStackByName(stack).template
}

/** The files of a function of a stack, by default of the first: what is in the folder that is to be uploaded. */
export function assetOf(assembly: CloudAssembly, stack: string, functionName?: string): (file: string) => string {
  const found = Object.values(templateOf(assembly, stack).Resources).find(
    ({ Type, Properties }) =>
      Type === 'AWS::Lambda::Function' && [undefined, Properties.FunctionName].includes(functionName),
  )
  const { S3Key } = (found?.Properties.Code ?? {}) as { S3Key?: string }
  const folder = path.join(assembly.directory, `asset.${S3Key?.replace(/\.zip$/, '')}`)
  return (file) => readFileSync(path.join(folder, file), 'utf8')
}
