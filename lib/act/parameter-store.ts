import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm'

/** Reads a parameter, decrypted, from SSM's Parameter Store in this function's region. */
export function parameterStore(options: ConstructorParameters<typeof SSMClient>[0]) {
  const client = new SSMClient(options ?? {})
  return async (name: string, limit: { abortSignal: AbortSignal }): Promise<string | undefined> =>
    (await client.send(new GetParameterCommand({ Name: name, WithDecryption: true }), limit)).Parameter?.Value
}
