import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, chromium, type Page } from 'playwright-core'
import { systemPath } from './system.ts'

/** Debian's Chromium, without a window. Nothing is downloaded, and nothing of it asks the network for anything. */
export function openBrowser(): Promise<Browser> {
  const executablePath = systemPath('chromium')
  if (!executablePath) throw new Error('expected chromium to be installed (Debian: apt install chromium)')
  // Containers have no user namespaces, and what is opened here is our own.
  return chromium.launch({
    executablePath,
    timeout: 120_000,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--force-color-profile=srgb'],
  })
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const rules = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']"
const themes = ['dark', 'light'] as const
const phone = { width: 360, height: 740 }

/**
 * What is wrong with a page as it stands, in words: contrast, names and roles by WCAG 2.2 AA (axe-core), in both themes; and
 * whether it is wider than a phone. The page is as wide as a phone afterwards.
 */
export async function complaintsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const complaints: string[] = []
  for (const colorScheme of themes) {
    await page.emulateMedia({ colorScheme })
    const { violations, passes } = (await page.evaluate(`axe.run({ runOnly: ${rules} })`)) as {
      violations: { nodes: { html: string; failureSummary: string }[] }[]
      passes: { id: string }[]
    }
    const nodes = violations.flatMap((violation) => violation.nodes)
    complaints.push(...nodes.map(({ html, failureSummary }) => `${colorScheme}: ${html} ${failureSummary}`))
    if (!passes.some(({ id }) => id === 'color-contrast')) complaints.push(`${colorScheme}: no contrast was measured`)
  }
  await page.setViewportSize(phone)
  const width = await page.evaluate('document.documentElement.scrollWidth')
  if (width !== phone.width) complaints.push(`expected a page ${phone.width} pixels wide, got ${width}`)
  return complaints
}
