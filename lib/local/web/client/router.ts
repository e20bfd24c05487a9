/** Where a path leads: the name of a page and the id in it. */
export interface Place {
  page: 'overview' | 'monitor' | 'failovers' | 'incidents' | 'incident'
  id: string
}

/** The page of a path; undefined where there is none. */
export function placeOf(pathname: string): Place | undefined {
  const [, first = '', id = '', ...more] = pathname.split('/')
  if (more.length > 0) return undefined
  if (first === '') return { page: 'overview', id: '' }
  if (first === 'monitors' && id) return { page: 'monitor', id: decode(id) }
  if (first === 'failovers' && !id) return { page: 'failovers', id: '' }
  if (first === 'incidents') return { page: id ? 'incident' : 'incidents', id: decode(id) }
  return undefined
}

/** A malformed escape stands for itself: there is no such page then. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Follows links between our pages without loading the document anew. `go` opens the page of the location. */
export function followLinks(go: () => void): void {
  document.addEventListener('click', (event) => {
    const target = event.target instanceof Element ? event.target.closest('a') : null
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey
    if (!target || !isPlain || event.defaultPrevented || target.target || target.hasAttribute('download')) return
    const url = new URL(target.href)
    // A fragment is a place on this page: the browser goes there.
    if (url.origin !== location.origin || url.hash !== '' || !placeOf(url.pathname)) return
    event.preventDefault()
    if (url.href !== location.href) {
      history.replaceState({ scrollY }, '')
      history.pushState(null, '', url)
    }
    go()
  })
  // Pages are filled after the browser would have scrolled: see `restoreScroll`.
  history.scrollRestoration = 'manual'
  addEventListener('popstate', go)
}

/** Scrolls to where this entry of the history was left. */
export function restoreScroll(): void {
  scrollTo(0, (history.state as { scrollY?: number } | null)?.scrollY ?? 0)
}

/** Changes the query of this page's address; an empty value takes its name away. */
export function setQuery(values: Record<string, string>): void {
  const url = new URL(location.href)
  for (const [name, value] of Object.entries(values)) {
    if (value) url.searchParams.set(name, value)
    else url.searchParams.delete(name)
  }
  if (url.href !== location.href) history.replaceState(history.state, '', url)
}
