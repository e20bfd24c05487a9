import { enableLinearRegex } from '../../lib/run/linear-regex.ts'

enableLinearRegex()
