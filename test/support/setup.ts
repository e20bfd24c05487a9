import { enableLinearRegex } from '../../lib/run/linear-regex.ts'

// A config of whoever runs the tests is not what they are about.
delete process.env.VEDETTE_CONFIG
enableLinearRegex()
