import { defaultProvider } from '@aws-sdk/credential-provider-node'
import { AwsClient } from 'aws4fetch'

/** A POST to a service of AWS in one region. */
export interface SignedRequest {
  service: 'lambda' | 'logs' | 'secretsmanager' | 'ssm'
  region: string
  path: string
  headers: Record<string, string>
  body: unknown
  timeoutMs: number
}

/**
 * Sends a request, signed with SigV4, in one attempt. Gives the status, the headers and the text of the answer, without the
 * session's token, which a refused signature is answered with. Rejects as `fetch` does.
 */
export async function sendSigned({ service, region, path, headers, body, timeoutMs }: SignedRequest) {
  const { accessKeyId, secretAccessKey, sessionToken } = await credentials()
  const client = new AwsClient({
    ...{ accessKeyId, secretAccessKey, service, region, retries: 0 },
    ...(sessionToken && { sessionToken }),
  })
  const request = await client.sign(`${endpointOf(service, region)}${path}`, {
    method: 'POST',
    // A function is frozen between its calls; a connection kept open over that is dead more often than not.
    headers: { ...headers, connection: 'close' },
    body: JSON.stringify(body),
  })
  const response = await fetch(request, { signal: AbortSignal.timeout(timeoutMs) })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    text: sessionToken ? text.replaceAll(sessionToken, '[secret]') : text,
  }
}

let provider: ReturnType<typeof defaultProvider> | undefined

/** Those of the function, or of whoever runs a command; the provider keeps and renews them. */
function credentials() {
  provider ??= defaultProvider()
  return provider()
}

/** As the SDK names them (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html). */
const ownEndpoints = { lambda: 'LAMBDA', logs: 'CLOUDWATCH_LOGS', secretsmanager: 'SECRETS_MANAGER', ssm: 'SSM' }

function endpointOf(service: SignedRequest['service'], region: string): string {
  const own = process.env[`AWS_ENDPOINT_URL_${ownEndpoints[service]}`] ?? process.env.AWS_ENDPOINT_URL
  if (own) return own.replace(/\/$/, '')
  // China's regions have a domain of their own (https://docs.aws.amazon.com/general/latest/gr/lambda-service.html).
  return `https://${service}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`
}
