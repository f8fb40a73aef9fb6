import { escaped } from './problem.ts';
import type { JsonSchema } from './generated/schemas.ts';

/** Schema documents by name. */
export type SchemaSet = Readonly<Record<string, JsonSchema>>;

/** A part of a document, and where it stands. */
export interface Place {
  readonly set: SchemaSet;
  /** Name of the document in its set. */
  readonly document: string;
  /** JSON pointer inside the document. */
  readonly pointer: string;
  readonly node: JsonSchema;
}

/** What a list of parts demands together, with references and `allOf` already followed. */
export interface View {
  readonly parts: readonly Place[];
  /** Accepted types; undefined: any. */
  readonly types: ReadonlySet<string> | undefined;
  /** Accepted values as canonical JSON; undefined: any. */
  readonly values: ReadonlySet<string> | undefined;
  readonly hasConst: boolean;
  /** What an absent value stands for, as canonical JSON; undefined: not said. */
  readonly default: string | undefined;
  readonly required: ReadonlySet<string>;
  readonly closed: boolean;
  readonly properties: ReadonlyMap<string, readonly Place[]>;
  /** Sub-schemas by the keyword that holds them. */
  readonly children: ReadonlyMap<ChildKeyword, readonly Place[]>;
  /** Branches of each anyOf or oneOf. */
  readonly variants: ReadonlyMap<VariantKeyword, readonly (readonly Place[])[]>;
  readonly bounds: ReadonlyMap<string, number>;
  /** Keywords that can only be compared as text, such as pattern. */
  readonly exact: ReadonlyMap<string, string>;
}

export type ChildKeyword = (typeof childKeywords)[number];
export type VariantKeyword = (typeof variantKeywords)[number];

export const childKeywords = ['additionalProperties', 'items'] as const;
export const variantKeywords = ['anyOf', 'oneOf'] as const;
export const lowerBounds = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'] as const;
export const upperBounds = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'] as const;

/** The whole document called `document`. */
export function placeOf(set: SchemaSet, document: string): Place {
  return { set, document, pointer: '', node: set[document] ?? {} };
}

/** Reads what all `places` demand together. No places: nothing is demanded. */
export function viewOf(places: readonly Place[]): View {
  const parts = places.flatMap((place) => flattened(place, new Set()));
  const bounds = [...lowerBounds, ...upperBounds].flatMap((keyword) => boundOf(parts, keyword));
  return {
    parts,
    types: intersection(parts.map(({ node }) => typesOf(node))),
    values: intersection(parts.map(({ node }) => valuesOf(node))),
    hasConst: parts.some(({ node }) => 'const' in node),
    default: parts.filter(({ node }) => 'default' in node).map(({ node }) => canonical(node['default']))[0],
    required: new Set(parts.flatMap(({ node }) => listOf(node['required']).filter((name) => typeof name === 'string'))),
    closed: parts.some(({ node }) => node['additionalProperties'] === false),
    properties: propertiesOf(parts),
    children: new Map(childKeywords.map((keyword) => [keyword, parts.flatMap((part) => childOf(part, keyword))])),
    variants: new Map(variantKeywords.map((keyword) => [keyword, parts.flatMap((part) => branchesOf(part, keyword))])),
    bounds: new Map(bounds),
    exact: exactOf(parts),
  };
}

/** Text that is equal for equal JSON values: keys sorted, nothing else changed. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  const keys = Object.keys(value).toSorted();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
}

/** Whether a value can carry keywords. */
export function isObject(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function step(place: Place, keys: readonly string[], value: unknown): Place[] {
  const node = value === false ? { not: {} } : value;
  if (!isObject(node)) return [];
  return [{ ...place, pointer: place.pointer + keys.map((key) => `/${escaped(key)}`).join(''), node }];
}

/** A part together with everything it refers to; each stands beside the others, as in `allOf`. */
function flattened(place: Place, seen: Set<JsonSchema>): Place[] {
  if (seen.has(place.node)) return [];
  seen.add(place.node);
  const target = typeof place.node['$ref'] === 'string' ? targetOf(place, place.node['$ref']) : undefined;
  const { $ref, allOf, ...own } = place.node;
  const rest = target || $ref === undefined ? own : { ...own, $ref };
  const inner = listOf(allOf).flatMap((part, index) => step(place, ['allOf', String(index)], part));
  return [{ ...place, node: rest }, ...(target ? [target] : []), ...inner].flatMap((part, index) =>
    index === 0 ? [part] : flattened(part, seen),
  );
}

function targetOf(from: Place, reference: string): Place | undefined {
  const [id = '', fragment = ''] = reference.split('#', 2);
  const owner = id === '' ? from.document : Object.keys(from.set).find((name) => from.set[name]?.['$id'] === id);
  if (owner === undefined) return undefined;
  let node: unknown = from.set[owner];
  if (fragment !== '' && !fragment.startsWith('/')) {
    return anchored(placeOf(from.set, owner), fragment);
  }
  for (const token of decodeURIComponent(fragment).split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    node = isObject(node) ? node[key] : Array.isArray(node) ? (node as unknown[])[Number(key)] : undefined;
  }
  return isObject(node) ? { set: from.set, document: owner, pointer: fragment, node } : undefined;
}

/** The part that calls itself `$anchor: name`. */
function anchored(place: Place, name: string): Place | undefined {
  if (place.node['$anchor'] === name) return place;
  for (const [key, value] of Object.entries(place.node)) {
    const inner = Array.isArray(value)
      ? value.flatMap((item, index) => step(place, [key, String(index)], item))
      : step(place, [key], value);
    for (const part of inner) {
      const found = anchored(part, name);
      if (found) return found;
    }
  }
  return undefined;
}

function intersection(sets: readonly (ReadonlySet<string> | undefined)[]): ReadonlySet<string> | undefined {
  return sets.reduce((left, right) => {
    if (!left || !right) return left ?? right;
    return new Set([...left].filter((item) => right.has(item)));
  }, undefined);
}

function typesOf(node: JsonSchema): ReadonlySet<string> | undefined {
  const types = [node['type']].flat().filter((type) => typeof type === 'string');
  return types.length > 0 ? new Set(types) : undefined;
}

function valuesOf(node: JsonSchema): ReadonlySet<string> | undefined {
  if ('const' in node) return new Set([canonical(node['const'])]);
  return Array.isArray(node['enum']) ? new Set(node['enum'].map(canonical)) : undefined;
}

function propertiesOf(parts: readonly Place[]): Map<string, Place[]> {
  const found = new Map<string, Place[]>();
  for (const part of parts) {
    const properties = part.node['properties'];
    if (!isObject(properties)) continue;
    for (const [name, value] of Object.entries(properties)) {
      const places = step(part, ['properties', name], value === true ? {} : value);
      found.set(name, [...(found.get(name) ?? []), ...places]);
    }
  }
  return found;
}

function childOf(part: Place, keyword: ChildKeyword): Place[] {
  const value = part.node[keyword];
  return keyword === 'additionalProperties' && value === false ? [] : step(part, [keyword], value);
}

function branchesOf(part: Place, keyword: VariantKeyword): Place[][] {
  const branches = listOf(part.node[keyword]);
  if (branches.length === 0) return [];
  return [branches.flatMap((branch, index) => step(part, [keyword, String(index)], branch === true ? {} : branch))];
}

function boundOf(parts: readonly Place[], keyword: string): [string, number][] {
  const limits = parts.map(({ node }) => node[keyword]).filter((limit) => typeof limit === 'number');
  if (limits.length === 0) return [];
  const lower = (lowerBounds as readonly string[]).includes(keyword);
  return [[keyword, lower ? Math.max(...limits) : Math.min(...limits)]];
}

// Keywords read above, and annotations: neither is compared as text.
const annotations = new Set([
  ...['title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly', '$comment', '$schema'],
  ...['$id', '$anchor', '$defs', 'definitions'],
]);
const notExact = new Set<string>([
  ...['type', 'enum', 'const', 'required', 'properties', 'allOf', ...childKeywords, ...variantKeywords],
  ...[...lowerBounds, ...upperBounds, ...annotations],
]);

/** Whether a keyword says something to people only. */
export function isAnnotation(keyword: string): boolean {
  return annotations.has(keyword) || keyword.startsWith('x-');
}

function exactOf(parts: readonly Place[]): Map<string, string> {
  const found = new Map<string, string[]>();
  for (const part of parts) {
    for (const [keyword, value] of Object.entries(part.node)) {
      if (notExact.has(keyword) || isAnnotation(keyword) || demandsNothing(keyword, value)) continue;
      found.set(keyword, [...(found.get(keyword) ?? []), canonical(meaning(keyword, value, part, new Set()))]);
    }
  }
  return new Map([...found].map(([keyword, texts]) => [keyword, [...new Set(texts)].toSorted().join(' and ')]));
}

function demandsNothing(keyword: string, value: unknown): boolean {
  if (keyword === 'uniqueItems' || keyword === 'not') return value === false;
  if (['patternProperties', 'dependentRequired', 'dependentSchemas'].includes(keyword))
    return canonical(value) === '{}';
  return ['propertyNames', 'unevaluatedProperties', 'unevaluatedItems'].includes(keyword) && value === true;
}

const mapsOfSchemas = new Set(['properties', 'patternProperties', 'dependentSchemas']);
const plainValues = new Set(['const', 'enum', 'required', 'dependentRequired', 'type']);

/** What a keyword demands, without annotations and with the targets of references in their place. */
function meaning(keyword: string, value: unknown, at: Place, seen: ReadonlySet<JsonSchema>): unknown {
  if (plainValues.has(keyword)) return value;
  if (Array.isArray(value)) return value.map((item) => meaning('', item, at, seen));
  if (!isObject(value) || seen.has(value)) return value;
  const inner = new Set([...seen, value]);
  const entries = Object.entries(value);
  if (mapsOfSchemas.has(keyword)) {
    return Object.fromEntries(entries.map(([name, item]) => [name, meaning('', item, at, inner)]));
  }
  const target = typeof value['$ref'] === 'string' ? targetOf(at, value['$ref']) : undefined;
  const own = entries
    .filter(([key]) => !isAnnotation(key) && !(target && key === '$ref'))
    .map(([key, item]) => [key, meaning(key, item, at, inner)] as const);
  if (!target) return Object.fromEntries(own);
  const there = meaning('', target.node, target, inner);
  return own.length === 0 ? there : { ...Object.fromEntries(own), $target: there };
}
