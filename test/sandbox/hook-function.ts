import { text } from 'node:stream/consumers'
import type { HookEvent } from '../../lib/act/lambda-hook.ts'
import { type LoopbackServer, startHttpServer } from '../support/http-server.ts'
import { eventually } from './eventually.ts'
import { hookArn } from './failover-config.ts'
import type { Sandbox } from './sandbox.ts'

/** A function of a user's, deployed, that a failover calls before and after its moves. */
export interface HookFunction {
  /** Every event that it was called with. */
  calls: HookEvent[]
  /** What it does when it is called; what this throws, it throws. */
  onCall: (event: HookEvent) => Promise<void> | void
  stop(): Promise<void>
}

/** Deploys it as a stack of its own; it asks this process what to do. */
export async function deployHook({ aws }: Sandbox): Promise<HookFunction> {
  const [region = '', name = ''] = [hookArn.split(':')[3], hookArn.split(':').at(-1)]
  const hook: Pick<HookFunction, 'calls' | 'onCall'> = { calls: [], onCall: () => {} }
  const server: LoopbackServer = await startHttpServer(async (request, response) => {
    const event = JSON.parse(await text(request)) as HookEvent
    hook.calls.push(event)
    const called = async () => hook.onCall(event)
    const isOk = await called().then(
      () => true,
      () => false,
    )
    response.writeHead(isOk ? 200 : 500).end()
  })
  const TemplateBody = JSON.stringify({
    Resources: {
      Function: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          ...{ FunctionName: name, Runtime: 'nodejs24.x', Handler: 'index.handler', Timeout: 30 },
          Role: 'arn:aws:iam::000000000000:role/promote',
          Code: { ZipFile: source },
          Environment: { Variables: { ASK: server.url } },
        },
      },
    },
  })
  await aws.query(region, 'cloudformation', { Action: 'CreateStack', StackName: name, TemplateBody })
  const exists = () => aws.rest<object>(region, 'lambda', 'GET', `/2015-03-31/functions/${name}`).catch(() => undefined)
  await eventually('the hook to be deployed', exists, 120_000)
  const stop = async () => {
    await aws.query(region, 'cloudformation', { Action: 'DeleteStack', StackName: name })
    await eventually('the hook to be gone', async () => ((await exists()) ? undefined : true), 120_000)
    await server.close()
  }
  return Object.assign(hook, { stop })
}

const source = `
exports.handler = async (event) => {
  const response = await fetch(process.env.ASK, { method: 'POST', body: JSON.stringify(event) })
  if (!response.ok) throw new Error('the database could not be promoted')
}
`
