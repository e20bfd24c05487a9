import { fromEnv } from '@aws-sdk/credential-provider-env'

/** Takes the place of the SDK's chain of credential providers in a function's bundle: Lambda gives credentials in the environment alone. */
export const defaultProvider = fromEnv
