import type { Failover } from '../model/failover.ts'
import { invokeFunction } from './invoke.ts'

/** Shorter than a claim holds (lib/run/controller.ts), which ends when nobody knows any more what its hook does. */
const timeoutMs = 4 * 60_000

/** What a hook's function is called with. */
export interface HookEvent {
  hook: 'before' | 'after'
  failover: string
  record: string
  /** Id of the endpoint that traffic moves to. */
  to: string
  /** The same for every repetition of one switch: what has been done for it need not be done again. */
  key: string
}

/** Runs a hook as a Lambda function and waits for it: what it throws is a failure, a lost answer leaves it unknown. Never rejects. */
export async function runLambdaHook(
  functionArn: string,
  { id, record }: Pick<Failover, 'id' | 'record'>,
  { name, key, to }: { name: 'before' | 'after'; key: string; to: string },
): Promise<{ kind: 'hookOk' | 'hookFailed' | 'hookUnknown' }> {
  const event: HookEvent = { hook: name, failover: id, record, to, key }
  // arn:aws:lambda:REGION:ACCOUNT:function:NAME
  const region = functionArn.split(':')[3] ?? ''
  const { kind } = await invokeFunction({ region, functionName: functionArn, event, wait: true, timeoutMs })
  return { kind: ({ ok: 'hookOk', failed: 'hookFailed', unknown: 'hookUnknown' } as const)[kind] }
}
