import { ensureMinistack } from './ministack.ts'

/**
 * Whether the sandbox can run here. Where it cannot (no Python, no packages to be had), says loudly what is skipped, or
 * throws with VEDETTE_REQUIRE_SYSTEM=1.
 */
export async function requirePython(): Promise<boolean> {
  try {
    await ensureMinistack()
    return true
  } catch (error) {
    if (process.env.VEDETTE_REQUIRE_SYSTEM === '1') throw error
    console.warn(`\nSKIPPED: tests that need Python, because ${(error as Error).message}\n`)
    return false
  }
}
