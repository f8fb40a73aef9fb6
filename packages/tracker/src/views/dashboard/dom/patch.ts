import type { Child, Node, Props } from './node.ts';

const SVG = 'http://www.w3.org/2000/svg';
const SVG_TAGS = new Set([
  'svg',
  'g',
  'path',
  'rect',
  'line',
  'circle',
  'text',
  'defs',
  'pattern',
  'title',
  'polyline',
]);

type Known = Element & { madeFrom?: Node };

/**
 * Makes the children of `parent` look like `children`, changing only what differs: focus, selection, open popovers and
 * scroll positions stay. Text is only ever set as text, so nothing a provider or a client sent can become markup.
 */
export function patch(parent: Element, children: readonly (Child | null | false)[]): void {
  const wanted = children.filter((child): child is Child => child !== null && child !== false);
  const keyed = new Map<string, Known>();
  for (const child of parent.children) {
    const key = (child as Known).madeFrom?.props['key'];
    if (typeof key === 'string') keyed.set(key, child as Known);
  }
  let at: ChildNode | null = parent.firstChild;
  for (const child of wanted) {
    const fitting = typeof child === 'string' ? fittingText(at) : fittingElement(child, at, keyed);
    const node = fitting ?? (typeof child === 'string' ? document.createTextNode('') : create(child));
    if (node !== at) parent.insertBefore(node, at);
    else at = at.nextSibling;
    if (typeof child === 'string') {
      if (node.nodeValue !== child) node.nodeValue = child;
    } else update(node as Known, child);
  }
  while (at !== null) {
    const next: ChildNode | null = at.nextSibling;
    at.remove();
    at = next;
  }
}

function fittingText(at: ChildNode | null): ChildNode | null {
  return at?.nodeType === TEXT_NODE ? at : null;
}

const TEXT_NODE = 3;

function fittingElement({ tag, props }: Node, at: ChildNode | null, keyed: Map<string, Known>): ChildNode | null {
  const { key } = props;
  if (key !== undefined) {
    const known = typeof key === 'string' ? keyed.get(key) : undefined;
    return known?.madeFrom?.tag === tag ? known : null;
  }
  const made = (at as Known | null)?.madeFrom;
  return made?.tag === tag && made.props['key'] === undefined ? at : null;
}

function create({ tag }: Node): Known {
  return SVG_TAGS.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
}

function update(element: Known, wanted: Node): void {
  const before = element.madeFrom;
  if (before === wanted) return;
  element.madeFrom = wanted;
  setProps(element, before?.props ?? {}, wanted.props);
  // Its inside belongs to somebody else: a chart.
  if (wanted.props['opaque'] !== true) patch(element, wanted.children);
}

function setProps(element: Known, before: Props, wanted: Props): void {
  for (const name of Object.keys(before))
    if (!(name in wanted)) set(element, name, { before: before[name], now: null });
  for (const [name, now] of Object.entries(wanted)) set(element, name, { before: before[name], now });
}

function set(element: Known, name: string, { before, now }: { before: Props[string]; now: Props[string] }): void {
  if (name === 'key' || name === 'opaque' || before === now) return;
  if (typeof now === 'function' || typeof before === 'function') {
    const event = name.slice(2);
    if (typeof before === 'function') element.removeEventListener(event, before);
    if (typeof now === 'function') element.addEventListener(event, now);
  } else if (typeof now === 'object' && now !== null) {
    const { style } = element as HTMLElement;
    for (const [variable, value] of Object.entries(now))
      if (style.getPropertyValue(variable) !== value) style.setProperty(variable, value);
  } else if (name === 'value' || name === 'hidden') {
    Object.assign(element, { [name]: now ?? (name === 'hidden' ? false : '') });
  } else if (now === null || now === undefined || now === false) element.removeAttribute(name);
  else {
    const text = now === true ? '' : String(now);
    if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  }
}
