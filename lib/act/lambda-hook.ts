import type { Failover } from '../model/failover.ts'
import { type Invoked, invokeFunction } from './invoke.ts'

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
): Promise<{ kind: 'hookOk' } | { kind: 'hookFailed' | 'hookUnknown'; why: string }> {
  const event: HookEvent = { hook: name, failover: id, record, to, key }
  // arn:aws:lambda:REGION:ACCOUNT:function:NAME
  const region = functionArn.split(':')[3] ?? ''
  const invoked = await invokeFunction({ region, functionName: functionArn, event, wait: true, timeoutMs })
  if (invoked.kind === 'ok') return { kind: 'hookOk' }
  return { kind: invoked.kind === 'failed' ? 'hookFailed' : 'hookUnknown', why: whyNot(invoked) }
}

/** What a function threw is its own to tell, in its log: it may hold secrets. */
function whyNot(invoked: Exclude<Invoked, { kind: 'ok' }>): string {
  return invoked.isByFunction ? 'its function failed or was cut off: its log says why' : invoked.message
}
