/**
 * The three functions of the `reflect-metadata` proposal that tsyringe, a dependency of `@peculiar/x509`, refuses to load
 * without. No class of that library has constructor parameters to inject, so a plain map is all it needs.
 */
type Store = WeakMap<object, Map<unknown, unknown>>

const store: Store = new WeakMap()

function ownMetadata(key: unknown, target: object): unknown {
  return store.get(target)?.get(key)
}

function defineMetadata(key: unknown, value: unknown, target: object): void {
  const entries = store.get(target) ?? new Map<unknown, unknown>()
  store.set(target, entries.set(key, value))
}

function metadata(key: unknown, target: object): unknown {
  const own = ownMetadata(key, target)
  if (own !== undefined) return own
  const parent = Object.getPrototypeOf(target)
  return parent === null ? undefined : metadata(key, parent)
}

if (!('getMetadata' in Reflect)) {
  Object.assign(Reflect, { defineMetadata, getMetadata: metadata, getOwnMetadata: ownMetadata })
}
