import { type Browser, chromium } from 'playwright-core'
import { systemPath } from './system.ts'

/** Debian's Chromium, without a window. Nothing is downloaded, and nothing of it asks the network for anything. */
export function openBrowser(): Promise<Browser> {
  const executablePath = systemPath('chromium')
  if (!executablePath) throw new Error('expected chromium to be installed (Debian: apt install chromium)')
  // Containers have no user namespaces, and what is opened here is our own.
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--force-color-profile=srgb'],
  })
}
