import type { Cause } from '../../decide/health.ts'
import { shortened } from '../../decide/plain.ts'
import { failureCodes } from '../../model/result.ts'
import type { Trouble } from './api/engine.ts'

/** A row of an overview has no room for more. */
const longestMessage = 300

/** A cause with its code in words. */
export function troubleOf({ code, message }: Cause): Trouble {
  const words = Object.hasOwn(failureCodes, code) ? failureCodes[code as keyof typeof failureCodes] : code
  return { code, words, message: shortened(message, longestMessage) }
}
