/** What fingers on a chart do. */
export interface TouchOptions {
  /** Dragged sideways by so many pixels; positive is to the right. */
  onDrag(pixels: number): void
  /** Two fingers: closer by a factor below 1, or further away, around a point of the screen. */
  onPinch(factor: number, clientX: number): void
  signal: AbortSignal
}

/** Fingers that are closer say nothing of how far apart they are. */
const leastApartPx = 24

/** One finger pans, two zoom. Up and down is left to the page: the element's style has `touch-action: pan-y`. */
export function followFingers(element: HTMLElement, { onDrag, onPinch, signal }: TouchOptions): void {
  const fingers = new Map<number, number>()
  const spread = () => {
    const [a = 0, b = 0] = [...fingers.values()]
    return { middle: (a + b) / 2, apart: Math.max(leastApartPx, Math.abs(a - b)) }
  }
  const lift = ({ pointerId }: PointerEvent) => void fingers.delete(pointerId)
  element.addEventListener(
    'pointerdown',
    ({ pointerId, pointerType, clientX }) => {
      if (pointerType === 'touch' && fingers.size < 2) fingers.set(pointerId, clientX)
    },
    { signal },
  )
  element.addEventListener(
    'pointermove',
    ({ pointerId, clientX }) => {
      const lastX = fingers.get(pointerId)
      if (lastX === undefined) return
      const before = spread()
      fingers.set(pointerId, clientX)
      if (fingers.size === 1) onDrag(clientX - lastX)
      else {
        const now = spread()
        onPinch(before.apart / now.apart, before.middle)
        onDrag(now.middle - before.middle)
      }
    },
    { signal },
  )
  for (const name of ['pointerup', 'pointercancel'] as const) element.addEventListener(name, lift, { signal })
}
