type Child = Node | string | number | false | undefined | readonly Child[]
type Attributes = Record<string, string | number | boolean | undefined>

/** Makes an element. Text is always text: nothing here reads markup. An attribute that is false or undefined is left out. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  setAttributes(element, attributes)
  append(element, children)
  return element
}

/** Makes an element of SVG. */
export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[Tag] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag)
  setAttributes(element, attributes)
  append(element, children)
  return element
}

/** A button that does one thing. */
export function button(label: Child, onClick: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const element = h('button', { type: 'button', ...attributes }, label)
  element.addEventListener('click', onClick)
  return element
}

/** Changes a text only where it is another one. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** Sets an attribute only where it changes; undefined takes it away. */
export function setAttribute(element: Element, name: string, value: string | undefined): void {
  if (value === undefined) element.removeAttribute(name)
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value)
}

/** Gives `parent` exactly these children, in this order, and touches only those that are not in their place. */
export function arrange(parent: Element, children: readonly Element[]): void {
  const wanted = new Set(children)
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove()
  const places = new Map(children.map((child, i) => [child, i]))
  dropLate(parent, places)
  let next = parent.firstElementChild
  for (const child of children) {
    if (child === next) next = next.nextElementSibling
    else parent.insertBefore(child, next)
  }
}

/** Takes out the children that moved down, so that the many behind them need not move up one by one. */
function dropLate(parent: Element, places: ReadonlyMap<Element, number>): void {
  let least = Number.POSITIVE_INFINITY
  for (const child of [...parent.children].reverse()) {
    const place = places.get(child) ?? 0
    if (place > least) child.remove()
    else least = place
  }
}

/** A link of ours, or to a page elsewhere; text only where the address is neither. */
export function link(href: string, text: string, attributes: Attributes = {}): HTMLElement {
  const isOurs = href.startsWith('/') && !href.startsWith('//')
  if (isOurs) return h('a', { href, ...attributes }, text)
  if (!/^https?:\/\//i.test(href)) return h('span', attributes, text)
  return h('a', { href, rel: 'noreferrer noopener', target: '_blank', ...attributes }, text)
}

/** A place whose content is made anew only where what it shows has changed: a reader's selection stays. */
export function slot<T>(make: (value: T) => Element | undefined): { element: HTMLElement; show(value: T): void } {
  const element = h('div', { class: 'slot' })
  let shown: string | undefined
  return {
    element,
    show: (value) => {
      const text = JSON.stringify(value)
      if (text === shown) return
      shown = text
      element.replaceChildren(...[make(value)].filter((made) => made !== undefined))
    },
  }
}

function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : String(value))
  }
}

function append(element: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (Array.isArray(child)) append(element, child as readonly Child[])
    else if (child !== undefined && child !== false) element.append(child as Node | string)
  }
}
