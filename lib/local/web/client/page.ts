import type { StreamEvent } from '../api/events.ts'
import type { Store } from './store.ts'

/** What a page is given. */
export interface PageContext {
  store: Store
  /** The id in its path, where it has one. */
  id: string
  /** Ends when the page is left. */
  signal: AbortSignal
}

/** One page, as long as it is open. */
export interface Page {
  title: string
  element: HTMLElement
  /** Takes in what the stream says, and which monitors it has changed. Nothing is drawn in here: see `drawing`. */
  take(event: StreamEvent, changed: readonly string[]): void
  /** Bars and uptime of these monitors are others now. */
  barsChanged?(ids: readonly string[]): void
}

/** Makes a page. Rejects with `LoadError` where its data cannot be loaded. */
export type PageMaker = (context: PageContext) => Promise<Page>

/**
 * Gives a function that asks for `draw`: it is called with the next frame, once however often it was asked for, and no
 * more often than every `leastMs`.
 */
export function drawing(draw: () => void, signal: AbortSignal, leastMs = 0): () => void {
  let isAsked = false
  let drawnMs = Number.NEGATIVE_INFINITY
  const frame = () => {
    if (signal.aborted) return
    isAsked = false
    drawnMs = performance.now()
    draw()
  }
  return () => {
    if (isAsked) return
    isAsked = true
    const waitMs = drawnMs + leastMs - performance.now()
    if (waitMs > 0) setTimeout(() => requestAnimationFrame(frame), waitMs)
    else requestAnimationFrame(frame)
  }
}
