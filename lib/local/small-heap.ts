import v8 from 'node:v8'

/**
 * Keeps V8 from taking memory because there is some: it lets its nursery grow until most garbage fits in, and the rest of
 * the heap to four times what is in use. For a thousand monitors that is 395 MB; so it is 180, for the same CPU within
 * what can be measured (bench/schedule.ts). Call once, at start.
 */
export function keepHeapSmall(): void {
  v8.setFlagsFromString('--semi-space-growth-factor=1')
  v8.setFlagsFromString('--heap-growing-percent=50')
}
