import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findBreakingChanges, findBreakingChangesIn, schemas } from './index.ts';
import type { JsonSchema, SchemaSet } from './index.ts';

type Node = Record<string, unknown>;

const base: JsonSchema = {
  $id: 'urn:test:base',
  type: 'object',
  required: ['id', 'part'],
  properties: {
    id: { type: 'string', minLength: 1, maxLength: 8, pattern: '^a', description: 'Name.' },
    at: { type: 'string', format: 'date-time' },
    count: { type: 'integer', minimum: 0, maximum: 10, multipleOf: 2 },
    ratio: { type: ['number', 'null'], exclusiveMinimum: 0 },
    kind: { const: 'x' },
    word: { enum: ['a', 'b'] },
    list: { type: 'array', minItems: 1, maxItems: 3, items: { type: 'string' } },
    pair: { type: 'array', prefixItems: [{ type: 'string' }] },
    map: { type: 'object', minProperties: 1, additionalProperties: { $ref: '#/$defs/part' } },
    part: { $ref: '#/$defs/part', description: 'A part.' },
    both: { allOf: [{ $ref: '#/$defs/part' }, { properties: { extra: { type: 'string' } } }] },
    either: { anyOf: [{ type: 'string' }, { type: 'object', properties: { a: { type: 'number' } } }] },
    one: { oneOf: [{ type: 'string' }, { type: 'number' }] },
    free: {},
  },
  $defs: {
    part: {
      type: 'object',
      required: ['name'],
      properties: { name: { type: 'string' }, next: { $ref: '#/$defs/part' }, size: { type: 'number' } },
    },
  },
};

function at(root: Node, path: string): Node {
  return path.split('/').reduce((node, key) => (key === '' ? node : (node[key] as Node)), root);
}

/** The base with one part replaced; an undefined value deletes the keyword. */
function changed(path: string, keyword: string, value: unknown): JsonSchema {
  const copy = structuredClone(base) as Node;
  if (value === undefined) Reflect.deleteProperty(at(copy, path), keyword);
  else at(copy, path)[keyword] = value;
  return copy;
}

const P = 'properties';
const PART = '$defs/part';

describe('findBreakingChanges', () => {
  it.each([
    ['removed field', P, 'at', undefined, 'field-removed', '/properties/at'],
    [
      'removed field behind a reference',
      `${PART}/${P}`,
      'size',
      undefined,
      'field-removed',
      '/$defs/part/properties/size',
    ],
    ['newly required', '', 'required', ['id', 'part', 'at'], 'newly-required', ''],
    ['newly required behind a reference', PART, 'required', ['name', 'size'], 'newly-required', '/$defs/part'],
    ['another type', `${P}/at`, 'type', 'number', 'type-changed', '/properties/at'],
    ['narrower type', `${P}/ratio`, 'type', 'number', 'type-changed', '/properties/ratio'],
    ['number became integer', `${PART}/${P}/size`, 'type', 'integer', 'type-changed', '/$defs/part/properties/size'],
    ['type where there was none', `${P}/free`, 'type', 'string', 'type-changed', '/properties/free'],
    ['higher minimum', `${P}/count`, 'minimum', 1, 'tightened', '/properties/count'],
    ['lower maximum', `${P}/count`, 'maximum', 9, 'tightened', '/properties/count'],
    ['higher exclusive minimum', `${P}/ratio`, 'exclusiveMinimum', 1, 'tightened', '/properties/ratio'],
    ['maximum where there was none', `${P}/ratio`, 'maximum', 1, 'tightened', '/properties/ratio'],
    ['longer minimum length', `${P}/id`, 'minLength', 2, 'tightened', '/properties/id'],
    ['shorter maximum length', `${P}/id`, 'maxLength', 7, 'tightened', '/properties/id'],
    ['more items', `${P}/list`, 'minItems', 2, 'tightened', '/properties/list'],
    ['fewer items', `${P}/list`, 'maxItems', 2, 'tightened', '/properties/list'],
    ['more entries', `${P}/map`, 'minProperties', 2, 'tightened', '/properties/map'],
    ['pattern where there was none', `${P}/at`, 'pattern', '^2', 'tightened', '/properties/at'],
    ['another pattern', `${P}/id`, 'pattern', '^ab', 'unproven', '/properties/id'],
    ['another format', `${P}/at`, 'format', 'date', 'unproven', '/properties/at'],
    ['format where there was none', `${P}/id`, 'format', 'uuid', 'tightened', '/properties/id'],
    ['fewer words', `${P}/word`, 'enum', ['a'], 'value-removed', '/properties/word'],
    ['words where there were none', `${P}/at`, 'enum', ['a'], 'tightened', '/properties/at'],
    ['another constant', `${P}/kind`, 'const', 'y', 'value-removed', '/properties/kind'],
    ['another multiple', `${P}/count`, 'multipleOf', 4, 'unproven', '/properties/count'],
    ['closed object', PART, 'additionalProperties', false, 'closed', '/$defs/part'],
    ['typed rest', PART, 'additionalProperties', { type: 'string' }, 'type-changed', '/$defs/part'],
    ['another type of items', `${P}/list/items`, 'type', 'number', 'type-changed', '/properties/list/items'],
    ['another type in a tuple', `${P}/pair`, 'prefixItems', [{ type: 'number' }], 'unproven', '/properties/pair'],
    [
      'removed field in allOf',
      `${P}/both/allOf/1/${P}`,
      'extra',
      undefined,
      'field-removed',
      '/properties/both/allOf/1/properties/extra',
    ],
    ['lost branch', `${P}/either`, 'anyOf', [{ type: 'string' }], 'tightened', '/properties/either'],
    ['another branch', `${P}/one/oneOf/1`, 'type', 'boolean', 'type-changed', '/properties/one/oneOf/1'],
    [
      'removed field in a branch',
      `${P}/either/anyOf/1/${P}`,
      'a',
      undefined,
      'field-removed',
      '/properties/either/anyOf/1/properties/a',
    ],
    ['branches where there were none', `${P}/free`, 'anyOf', [{ type: 'string' }], 'tightened', '/properties/free'],
    ['condition', '', 'if', { required: ['at'] }, 'tightened', ''],
    ['another id', '', '$id', 'urn:test:other', 'id-changed', ''],
  ] as const)('reports %s, in a document and in a config', (_name, path, keyword, value, kind, pointer) => {
    for (const name of ['answer', 'some-config']) {
      const changes = findBreakingChangesIn(base, changed(path, keyword, value), name);
      expect(changes.map((change) => [change.schema, change.kind, change.pointer])).toEqual([[name, kind, pointer]]);
      expect(changes.every(({ what, remedy }) => what.length > 5 && remedy.length > 5)).toBe(true);
    }
  });

  it.each([
    ['no longer required', '', 'required', ['id'], 'no-longer-required'],
    ['wider type', `${P}/at`, 'type', ['string', 'null'], 'type-widened'],
    ['integer became number', `${P}/count`, 'type', 'number', 'type-widened'],
    ['lower minimum', `${P}/count`, 'minimum', -1, 'loosened'],
    ['no maximum', `${P}/count`, 'maximum', undefined, 'loosened'],
    ['no pattern', `${P}/id`, 'pattern', undefined, 'loosened'],
    ['no format', `${P}/at`, 'format', undefined, 'loosened'],
    ['no constant', `${P}/kind`, 'const', undefined, 'const-loosened'],
    ['one more word', `${P}/word`, 'enum', ['b', 'c', 'a'], 'value-added'],
    ['any word', `${P}/word`, 'enum', undefined, 'value-added'],
    ['one more branch of anyOf', `${P}/either`, 'anyOf', [...anyOf(), { type: 'null' }], 'loosened'],
  ] as const)(
    'reports %s in a document, whose readers relied on it, and not in a config',
    (_name, path, keyword, value, kind) => {
      const current = changed(path, keyword, value);
      expect(findBreakingChangesIn(base, current, 'answer').map((change) => change.kind)).toEqual([kind]);
      expect(findBreakingChangesIn(base, current, 'some-config')).toEqual([]);
    },
  );

  it.each([
    ['nothing', '', 'title', 'Base'],
    ['new optional field', P, 'fresh', { type: 'string', minLength: 4 }],
    ['new object with its own required field', P, 'fresh', { type: 'object', required: ['a'], properties: { a: {} } }],
    ['new field behind a reference', `${PART}/${P}`, 'fresh', { type: 'boolean' }],
    ['other order of words', `${P}/word`, 'enum', ['b', 'a']],
    ['other order of types', `${P}/ratio`, 'type', ['null', 'number']],
    ['other order of required fields', '', 'required', ['part', 'id']],
    ['other order of branches', `${P}/one`, 'oneOf', [{ type: 'number' }, { type: 'string' }]],
    ['one more field in a branch', `${P}/either/anyOf/1/${P}`, 'b', { type: 'number' }],
    ['other words of explanation', `${P}/id`, 'description', 'Other.'],
    ['deprecation', `${P}/id`, 'deprecated', true],
    ['our own annotation', `${P}/id`, 'x-known-values', ['a']],
    ['a definition nobody uses', '$defs', 'spare', { type: 'string' }],
    ['a definition written in place', P, 'part', base['$defs'] && at(base as Node, PART)],
    [
      'a constraint moved into allOf',
      `${P}`,
      'count',
      {
        allOf: [
          { type: 'integer', minimum: 0 },
          { maximum: 10, multipleOf: 2 },
        ],
      },
    ],
    ['a minimum that was always true', `${P}/at`, 'minLength', 0],
    ['a constant written as a list of one', `${P}`, 'kind', { enum: ['x'] }],
  ] as const)('lets %s pass', (_name, path, keyword, value) => {
    expect(findBreakingChangesIn(base, changed(path, keyword, value))).toEqual([]);
  });

  it('reports a removed schema and lets a new one pass', () => {
    const other = { $id: 'urn:test:other' };
    expect(findBreakingChanges({ base, other }, { base }).map(({ kind }) => kind)).toEqual(['schema-removed']);
    expect(findBreakingChanges({ base }, { base, other })).toEqual([]);
  });

  it('judges a part by the document it stands in, and reports it once however often it is referred to', () => {
    const file = {
      $id: 'urn:test:file',
      required: ['a'],
      properties: { a: { type: 'string' }, b: { type: 'string' } },
    };
    const set: SchemaSet = {
      answer: { $id: 'urn:test:answer', properties: { x: { $ref: 'urn:test:file' }, y: { $ref: 'urn:test:file' } } },
      'file-config': file,
    };
    const looser = { ...set, 'file-config': { ...file, required: [] } };
    expect(findBreakingChanges(set, looser)).toEqual([]);
    const smaller = { ...set, 'file-config': { ...file, properties: { a: { type: 'string' } } } };
    expect(findBreakingChanges(set, smaller)).toMatchObject([{ schema: 'file-config', pointer: '/properties/b' }]);
  });

  describe('mistakes it made once', () => {
    const pairs: Record<string, [before: Node, after: Node, config: string[], produced: string[]]> = {
      'explanations inside a keyword it compares as text count for nothing': [
        { not: { type: 'string', description: 'Old.' } },
        { not: { type: 'string', description: 'New.', 'x-unit': 's' } },
        [],
        [],
      ],
      'a reference inside such a keyword is its target': [
        { not: { $ref: '#/$defs/a' }, $defs: { a: { type: 'string' } } },
        { not: { type: 'string' } },
        [],
        [],
      ],
      'a field called description is no explanation': [
        { not: { properties: { description: { type: 'string' } } } },
        { not: { properties: { description: { type: 'number' } } } },
        ['unproven'],
        ['unproven'],
      ],
      'uniqueItems: false refuses nothing': [{ type: 'array' }, { type: 'array', uniqueItems: false }, [], []],
      'an object that is closed no longer only accepts more': [
        { type: 'object', additionalProperties: false },
        { type: 'object', additionalProperties: { type: 'string' } },
        [],
        ['loosened'],
      ],
      'a closed object does not let older readers have a new field': [
        { type: 'object', additionalProperties: false, properties: {} },
        { type: 'object', additionalProperties: false, properties: { a: { type: 'string' } } },
        [],
        ['loosened'],
      ],
      'a rule for the names of a map may go where a user writes': [
        { propertyNames: { pattern: '^a' } },
        {},
        [],
        ['loosened'],
      ],
      'a type beside values that have it says nothing new': [
        { enum: ['a', 1] },
        { type: ['string', 'number'], enum: ['a', 1] },
        [],
        [],
      ],
      'null among the types of values without null says nothing': [
        { type: ['string', 'null'], enum: ['a'] },
        { type: 'string', enum: ['a'] },
        [],
        [],
      ],
      'true and false are all a boolean can be': [
        { type: 'boolean' },
        { type: 'boolean', enum: [true, false] },
        [],
        [],
      ],
      'all types are any type': [{}, { type: ['null', 'boolean', 'number', 'string', 'array', 'object'] }, [], []],
      'above 0 is less than from 0 on, whatever the spelling': [
        { type: 'number', exclusiveMinimum: 0 },
        { type: 'number', minimum: 0 },
        [],
        ['loosened'],
      ],
      'a branch that only gained a field is no partner of another branch': [
        { anyOf: [{ properties: { a: {} } }, { properties: { a: {}, b: {} } }] },
        { anyOf: [{ properties: { a: {}, b: {} } }, { properties: { a: {} } }] },
        [],
        [],
      ],
      'null beside a limit of numbers, written as anyOf': [
        { type: ['number', 'null'], minimum: 0 },
        { anyOf: [{ type: 'null' }, { type: 'number', minimum: 0 }] },
        [],
        [],
      ],
      'a branch lost on the way to anyOf': [
        { type: ['number', 'null'] },
        { anyOf: [{ type: 'number' }] },
        ['tightened'],
        ['tightened'],
      ],
      'an anchor is not the whole document': [
        { properties: { x: { $ref: '#part' } }, $defs: { p: { $anchor: 'part', type: 'string' } } },
        { properties: { x: { $ref: '#part' } }, $defs: { p: { $anchor: 'part', type: 'number' } } },
        ['type-changed'],
        ['type-changed'],
      ],
      'another default is another meaning of its absence': [
        { default: 1 },
        { default: 2 },
        ['default-changed'],
        ['default-changed'],
      ],
    };

    it.each(Object.entries(pairs))('%s', (_name, [before, after, config, produced]) => {
      const kinds = (name: string): string[] => findBreakingChangesIn(before, after, name).map(({ kind }) => kind);
      expect({ config: kinds('some-config'), produced: kinds('answer') }).toEqual({ config, produced });
    });
  });

  it('notices a change behind a reference inside a keyword it cannot interpret', () => {
    const old = { not: { $ref: '#/$defs/a' }, $defs: { a: { type: 'string' } } };
    const now = { not: { $ref: '#/$defs/a' }, $defs: { a: { type: 'number' } } };
    expect(findBreakingChangesIn(old, now).map(({ kind }) => kind)).toEqual(['unproven']);
  });
});

function anyOf(): unknown[] {
  return at(base as Node, `${P}/either`)['anyOf'] as unknown[];
}

describe('on the published schemas', () => {
  const places = fc.constantFrom(...Object.entries(schemas).flatMap(([name, schema]) => objects(name, schema as Node)));
  const field = fc.record({
    name: fc.stringMatching(/^new_[a-z]{1,6}$/),
    type: fc.constantFrom('string', 'number', 'object'),
  });

  it('random additions are never reported', () => {
    const additions = fc.array(fc.record({ place: places, field, choice: fc.nat(3) }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(additions, (list) => {
        const current = structuredClone(schemas) as Record<string, Node>;
        for (const { place, field: added, choice } of list) {
          const node = at(current[place.schema]!, place.path);
          if (choice < 2) (node['properties'] as Node)[added.name] = { type: added.type, required: [] };
          else if (choice === 2) node['description'] = added.name;
          else growWords(node, added.name);
        }
        expect(findBreakingChanges(schemas, current)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('a random removal is always reported, at the field that is gone', () => {
    fc.assert(
      fc.property(places, fc.nat(), (place, pick) => {
        const current = structuredClone(schemas) as Record<string, Node>;
        const properties = at(current[place.schema]!, place.path)['properties'] as Node;
        const names = Object.keys(properties);
        const name = names[pick % names.length]!;
        Reflect.deleteProperty(properties, name);
        const pointer = `${place.path && `/${place.path}`}/properties/${name}`;
        expect(findBreakingChanges(schemas, current)).toMatchObject([
          { schema: place.schema, pointer, kind: 'field-removed' },
        ]);
      }),
      { numRuns: 60 },
    );
  });
});

function objects(schema: string, node: Node, path = ''): { schema: string; path: string }[] {
  if (typeof node !== 'object' || node === null) return [];
  const here = typeof node['properties'] === 'object' && typeof node['type'] === 'string' ? [{ schema, path }] : [];
  const inside = Object.entries(node).flatMap(([key, value]) =>
    objects(schema, value as Node, path === '' ? key : `${path}/${key}`),
  );
  return [...here, ...inside];
}

function growWords(node: Node, word: string): void {
  for (const value of Object.values(node['properties'] as Node)) {
    const words = (value as Node)['enum'];
    if (Array.isArray(words)) words.push(word);
  }
}
