import type { AnswerTo } from '../decide/probe-now.ts'
import { outcomeOf } from './outcome.ts'
import type { AskVantage } from './ports.ts'
import { sendSigned } from './signed-request.ts'

/**
 * What came of calling a function: `failed`, it did not run, or threw (`thrown` is what it said); `unknown`, it may have run.
 * `isByFunction`: the function itself says so, not Lambda or the way there.
 * An `answer` is what it returned, undefined where it was only handed over.
 */
export type Invoked =
  | { kind: 'ok'; answer: unknown }
  | { kind: 'failed'; message: string; thrown?: string; isByFunction?: true }
  | { kind: 'unknown'; message: string; isThrottled?: true; isByFunction?: true }

export interface Invocation {
  region: string
  /** Name or ARN. */
  functionName: string
  event: unknown
  /** Whether to wait for what it returns; otherwise it is handed over, and runs when it runs. */
  wait: boolean
  timeoutMs: number
}

/** The longest message that is kept of a refusal. */
const longestMessage = 300

/**
 * Calls a Lambda function, in one attempt (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html). Never rejects. See
 * docs/adr/0006 for why this is not the SDK's client.
 */
export async function invokeFunction({ region, functionName, event, wait, timeoutMs }: Invocation): Promise<Invoked> {
  try {
    const { status, headers, text } = await sendSigned({
      ...{ service: 'lambda', region, body: event, timeoutMs },
      path: `/2015-03-31/functions/${encodeURIComponent(functionName)}/invocations`,
      headers: {
        'X-Amz-Invocation-Type': wait ? 'RequestResponse' : 'Event',
        'content-type': 'application/json',
      },
    })
    if (status >= 300) return refused(status, text)
    const functionError = headers.get('x-amz-function-error')
    if (functionError) return { kind: isCutOff(text) ? 'unknown' : 'failed', ...thrownIn(functionError, text) }
    return { kind: 'ok', answer: text === '' ? undefined : JSON.parse(text) }
  } catch (error) {
    const { name, message, cause } = error as Error & { cause?: Error & { code?: string } }
    const isUnsent = cause?.code === 'UND_ERR_CONNECT_TIMEOUT' || outcomeOf(cause ?? error) === 'refused'
    return { kind: isUnsent ? 'failed' : 'unknown', message: `${name}: ${cause?.message ?? message}` }
  }
}

/** Whether a function met its own time-out: nobody knows how far it came. */
function isCutOff(text: string): boolean {
  return text.includes('Task timed out after')
}

/** What a function threw, in its own words; one that was cut off at its time-out has none. */
function thrownIn(functionError: string, text: string): { message: string; thrown?: string; isByFunction: true } {
  const told = { message: `${functionError}: ${text.slice(0, longestMessage)}`, isByFunction: true } as const
  try {
    const { errorMessage, errorType } = JSON.parse(text)
    return errorType === 'Error' && errorMessage ? { ...told, thrown: String(errorMessage) } : told
  } catch {
    return told
  }
}

/** Beyond its own limit, what a call takes on its way and a function to start. */
const startMs = 3000

/**
 * A function that is busy is called again for as long as its answer is waited for: in a mass failure many failovers ask it at
 * once, and one that gets no votes is blind. The pause doubles, up to the longest, and by chance lasts up to as long again.
 */
const mostCalls = 20
const busyPauseMs = 250
const longestBusyPauseMs = 500

/** Asks vantages by their probe-now functions. */
export function askVantages(vantages: readonly { id: string; region: string; functionName: string }[]): AskVantage {
  return async (id, question, limitMs) => {
    const vantage = vantages.find((one) => one.id === id)
    if (!vantage) return undefined
    const untilMs = performance.now() + limitMs + startMs
    for (let calls = 1; ; calls++) {
      const timeoutMs = Math.max(1, Math.round(untilMs - performance.now()))
      const invoked = await invokeFunction({ ...vantage, event: { question, limitMs }, wait: true, timeoutMs })
      // What the function returned is what lib/run/probe-now.ts says it does.
      if (invoked.kind === 'ok') return invoked.answer as AnswerTo<typeof question>
      const pauseMs = Math.min(longestBusyPauseMs, busyPauseMs * 2 ** (calls - 1)) * (1 + Math.random())
      const isBusy = invoked.kind === 'unknown' && invoked.isThrottled
      if (!isBusy || calls === mostCalls || performance.now() + pauseMs > untilMs) return undefined
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
}

/** Longer than a region that is well takes; another controller is called at the same time. */
const handOverTimeoutMs = 3000

/** Hands events over to a function of one name in several regions; gives what went wrong, if anything did. */
export function handOverTo(functionName: string) {
  return async (region: string, event: unknown): Promise<string | undefined> => {
    const invoked = await invokeFunction({ region, functionName, event, wait: false, timeoutMs: handOverTimeoutMs })
    return invoked.kind === 'ok' ? undefined : invoked.message
  }
}

/** What came of a call that was refused: where Lambda was busy it has not run, and may be called again. */
function refused(status: number, text: string): Invoked {
  const message = `Lambda answered ${status}: ${text.slice(0, longestMessage)}`
  if (status === 429) return { kind: 'unknown', message, isThrottled: true }
  return { kind: status >= 500 ? 'unknown' : 'failed', message }
}
