/** One difference between a released contract and the current one that somebody would trip over. */
export interface BreakingChange {
  /** Name of the schema. */
  readonly schema: string;
  /** JSON pointer to the place in the released schema. */
  readonly pointer: string;
  readonly kind: ChangeKind;
  /** What changed, in words. */
  readonly what: string;
  /** What to do instead. */
  readonly remedy: string;
}

export type ChangeKind = keyof typeof remedies;

/** Whether a user writes the document, or one of our programs does. */
export type Role = 'config' | 'produced';

/** Config documents are the ones whose name ends in `-config`. */
export function roleOf(schema: string): Role {
  return schema.endsWith('-config') ? 'config' : 'produced';
}

/** The breaking change, or nothing when documents of this role may change so. */
export function changeOf(schema: string, pointer: string, kind: ChangeKind, what: string): BreakingChange | undefined {
  if (roleOf(schema) === 'config' && looserKinds.has(kind)) return undefined;
  return { schema, pointer, kind, what, remedy: remedies[kind] };
}

const V2 = 'or start a new version of the contract';

const remedies = {
  'schema-removed': `keep the schema and mark it "deprecated": true, ${V2}`,
  'id-changed': 'restore the $id: other documents refer to it',
  'field-removed': `keep the field and mark it "deprecated": true, ${V2}`,
  'newly-required': `leave the field optional: older documents lack it, ${V2}`,
  'no-longer-required': `keep the field required: readers rely on it, ${V2}`,
  'type-changed': `restore the type and add a new field for the new one, ${V2}`,
  'type-widened': `restore the type: readers do not expect the new one; add a new field, ${V2}`,
  'value-removed': `keep accepting the value, ${V2}`,
  'value-added': `list new words in "x-known-values" of an open string instead: older readers refuse the value, ${V2}`,
  'default-changed': `restore the default: documents that leave the field out would mean something else, ${V2}`,
  'const-loosened': `restore the constant: readers tell documents apart by it, ${V2}`,
  tightened: `restore the released limit: documents that followed it would be refused, ${V2}`,
  loosened: `restore the released limit: readers rely on it, ${V2}`,
  closed: 'leave additionalProperties open: new fields must reach old readers',
  unproven: `restore the keyword: whether this change only adds cannot be shown, ${V2}`,
} as const;

const looserKinds: ReadonlySet<ChangeKind> = new Set<ChangeKind>([
  'no-longer-required',
  'type-widened',
  'value-added',
  'const-loosened',
  'loosened',
]);
