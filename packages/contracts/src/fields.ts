import { schemas } from './generated/schemas.ts';
import type { SchemaName } from './generated/schemas.ts';
import { escaped } from './problem.ts';
import { isObject, placeOf, viewOf } from './schema-view.ts';
import type { Place, View } from './schema-view.ts';

/**
 * JSON pointers to the fields the contract does not know, for a document that follows it. Unknown fields are
 * allowed; in a file a user edits they are often misspelt ones, worth a warning.
 */
export function unknownFields(name: SchemaName, value: unknown): string[] {
  return found([placeOf(schemas, name)], value, '', (view, object) => {
    if (view.children.get('additionalProperties')?.length || isFree(view)) return [];
    return Object.keys(object).filter((key) => !view.properties.has(key));
  });
}

/**
 * JSON pointers to the fields the contract describes and the document lacks, required or not. Readers tolerate
 * their absence; a writer's test can ask that only the ones it means to leave out are missing.
 */
export function missingFields(name: SchemaName, value: unknown): string[] {
  return found([placeOf(schemas, name)], value, '', (view, object) =>
    [...view.properties.keys()].filter((key) => !Object.hasOwn(object, key)),
  );
}

type Select = (view: View, object: Readonly<Record<string, unknown>>) => readonly string[];

function found(places: readonly Place[], value: unknown, path: string, select: Select): string[] {
  const view = viewOf(places);
  if (Array.isArray(value)) {
    const items = view.children.get('items') ?? [];
    return value.flatMap((item, index) => found(items, item, `${path}/${index}`, select));
  }
  // A place nothing is said about has no fields to know or to miss.
  if (!isObject(value) || view.parts.length === 0) return [];
  const here = select(view, value).map((key) => `${path}/${escaped(key)}`);
  const rest = view.children.get('additionalProperties') ?? [];
  const inside = Object.entries(value).flatMap(([key, item]) =>
    found(view.properties.get(key) ?? rest, item, `${path}/${escaped(key)}`, select),
  );
  return [...here, ...inside];
}

/** Whether the contract leaves the names of the fields to the writer. */
function isFree({ parts, types }: View): boolean {
  return types === undefined || parts.some(({ node }) => node['additionalProperties'] === true);
}
