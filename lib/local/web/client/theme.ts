const key = 'vedette.theme'
type Theme = 'dark' | 'light'

/** The theme that was chosen, or what the system has. */
function current(): Theme {
  const chosen = document.documentElement.dataset.theme
  if (chosen === 'dark' || chosen === 'light') return chosen
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
}

/** Puts on what was chosen before. */
export function restoreTheme(): void {
  const stored = storage()?.getItem(key)
  if (stored === 'dark' || stored === 'light') document.documentElement.dataset.theme = stored
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed)
}

/** From dark to light, and back. */
export function toggleTheme(): void {
  const theme = current() === 'dark' ? 'light' : 'dark'
  document.documentElement.dataset.theme = theme
  storage()?.setItem(key, theme)
  changed()
}

/** A colour of the style sheet as it is now, for what is drawn on a canvas. */
export function colour(name: string): string {
  const probe = document.createElement('i')
  probe.style.color = `var(--${name})`
  document.body.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

/** Calls `listener` whenever colours change. */
export function onTheme(listener: () => void, signal: AbortSignal): void {
  document.addEventListener('vedette-theme', listener, { signal })
}

function changed(): void {
  document.dispatchEvent(new Event('vedette-theme'))
}

/** Nothing where the browser keeps nothing. */
function storage(): Storage | undefined {
  try {
    return localStorage
  } catch {
    return undefined
  }
}
