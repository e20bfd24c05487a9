import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'

/** Reads a secret's text from Secrets Manager in this function's region. */
export function secretsManager(options: ConstructorParameters<typeof SecretsManagerClient>[0]) {
  const client = new SecretsManagerClient(options ?? {})
  return async (name: string, limit: { abortSignal: AbortSignal }): Promise<string | undefined> =>
    (await client.send(new GetSecretValueCommand({ SecretId: name }), limit)).SecretString
}
