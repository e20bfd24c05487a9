import type { SecretRef } from '../model/monitor.ts'
import { sendSigned } from './signed-request.ts'

const callTimeoutMs = 3000
const attempts = 2

/**
 * Reads a secret's text from Secrets Manager, or a parameter, decrypted, from Parameter Store, in this function's region
 * (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html,
 * https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html). Tries twice, as reading changes
 * nothing. Rejects with the service's name for what went wrong.
 */
export async function readStored(ref: Exclude<SecretRef, { env: string }>): Promise<string | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await readOnce(ref)
    } catch (error) {
      if (attempt === attempts || error instanceof Refused) throw error
    }
  }
}

/** An answer that will not change by asking again. */
class Refused extends Error {}

async function readOnce(ref: Exclude<SecretRef, { env: string }>): Promise<string | undefined> {
  const isSecret = 'secret' in ref
  const { status, text } = await sendSigned({
    ...{ service: isSecret ? 'secretsmanager' : 'ssm', region: process.env.AWS_REGION ?? '', path: '/' },
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': isSecret ? 'secretsmanager.GetSecretValue' : 'AmazonSSM.GetParameter',
    },
    body: isSecret ? { SecretId: ref.secret } : { Name: ref.ssm, WithDecryption: true },
    timeoutMs: callTimeoutMs,
  })
  const answer = parse(text)
  if (status === 200) return isSecret ? answer.SecretString : answer.Parameter?.Value
  // `com.amazon…#AccessDeniedException`: what stands behind the mark is the name.
  const name = answer.__type?.split('#').at(-1) ?? `status ${status}`
  const isPassing = status >= 500 || /throttl|toomanyrequests/i.test(name)
  throw new (isPassing ? Error : Refused)(`${name}: ${answer.message ?? answer.Message ?? 'no reason given'}`)
}

interface Stored {
  SecretString?: string
  Parameter?: { Value?: string }
  __type?: string
  message?: string
  Message?: string
}

function parse(text: string): Stored {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}
