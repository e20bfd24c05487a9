import { expect, test } from 'vitest'
import { outcomeOf } from '../../lib/act/outcome.ts'

const answered = (name: string, httpStatusCode: number) => ({ name, $metadata: { httpStatusCode } })

test.each([
  [answered('ThrottlingException', 400), 'refused'],
  [answered('LimitExceededFault', 400), 'refused'],
  [answered('AccessDenied', 403), 'refused'],
  [answered('ExpiredToken', 403), 'refused'],
  [answered('InternalServiceFault', 500), 'unknown'],
  [answered('ServiceUnavailable', 503), 'refused'],
  [answered('Unknown', 429), 'refused'],
  [answered('InvalidParameterValueException', 400), 'invalid'],
  [answered('Unknown', 413), 'invalid'],
  [answered('Unknown', 502), 'unknown'],
  [answered('Unknown', 504), 'unknown'],
  [{ name: 'Error', code: 'ECONNREFUSED' }, 'refused'],
  [{ name: 'Error', code: 'ENOTFOUND' }, 'refused'],
  [{ name: 'AggregateError', errors: [{ code: 'ECONNREFUSED' }, { code: 'ENETUNREACH' }] }, 'refused'],
  [{ name: 'AggregateError', errors: [{ code: 'ECONNREFUSED' }, { code: 'ECONNRESET' }] }, 'unknown'],
  [{ name: 'TimeoutError', message: 'the request socket did not establish a connection with the server' }, 'refused'],
  [{ name: 'CredentialsProviderError' }, 'refused'],
  [{ name: 'TimeoutError', code: 'ECONNRESET' }, 'unknown'],
  [{ name: 'AbortError' }, 'unknown'],
  [undefined, 'unknown'],
])('%o is %s', (error, outcome) => {
  expect(outcomeOf(error)).toBe(outcome)
})
