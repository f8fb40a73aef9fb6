/** What a commit says it belongs to. */
export interface FeatureTag {
  readonly feature: string;
  readonly window: string;
  /** SPEC, BUILD, REVIEW or a word of one's own; null: not told. */
  readonly stage: string | null;
  readonly methodology: string | null;
}

export interface CommitTags {
  /** In the order in which they stand; each once. Empty: none, or a prototype. */
  readonly features: readonly FeatureTag[];
  /** Tagged `xproto::`: thrown away by intent, so it is in no sum. */
  readonly isPrototype: boolean;
  /** Windows a prototype names. */
  readonly prototypeWindows: readonly string[];
  /** Lines that begin like a tag and are none. */
  readonly malformed: readonly string[];
}

// At the beginning of a line: a quoted subject ("Revert …") or a tag in the middle of a sentence is talk about a tag.
// Squashed and merged messages indent them or make them items of a list.
const LINE = /^[\s*+-]*(xfeat|xproto)::(\S*)/;
const PART = /^[\p{L}\p{N}][\p{L}\p{N}_.+/#@-]*$/u;

/**
 * The tags of a commit message: `xfeat::<Feature>::<Window>::<Stage>` at the beginning of its subject or of a line below,
 * or else `[feature:F] [window:W] [method:M]` in its subject. A message that holds both kinds of tags is of a feature,
 * unless it is the subject that says prototype.
 */
export function commitTags(message: string): CommitTags {
  const features = new Map<string, FeatureTag>();
  const malformed: string[] = [];
  const prototypes: string[] = [];
  const lines = message.split('\n');
  for (const line of lines) {
    const [, kind, rest = ''] = LINE.exec(line) ?? [];
    if (kind === 'xproto') prototypes.push(rest.split('::')[1] ?? '');
    if (kind !== 'xfeat') continue;
    const tag = tagOf(rest);
    if (tag === null) malformed.push(line.trim());
    else features.set(JSON.stringify(tag), tag);
  }
  const isProtoSubject = LINE.exec(lines[0] ?? '')?.[1] === 'xproto';
  if (isProtoSubject || (prototypes.length > 0 && features.size === 0)) {
    return {
      features: [],
      isPrototype: true,
      prototypeWindows: prototypes.filter((window) => window !== ''),
      malformed,
    };
  }
  const tags = features.size > 0 ? [...features.values()] : bracketed(lines[0] ?? '');
  return { features: tags, isPrototype: false, prototypeWindows: [], malformed };
}

function tagOf(rest: string): FeatureTag | null {
  const parts = rest.split('::').map((part) => part.replace(/[.,;:)]+$/, ''));
  const [feature = '', window = '', stage = ''] = parts;
  if (parts.length !== 3 || ![feature, window, stage].every((part) => PART.test(part))) return null;
  return { feature, window, stage, methodology: null };
}

function bracketed(subject: string): readonly FeatureTag[] {
  const of = (name: string): string | null =>
    new RegExp(String.raw`\[${name}:\s*([^\]\s]+)\s*\]`, 'i').exec(subject)?.[1] ?? null;
  const [window, feature] = [of('window'), of('feature')];
  if (window === null || feature === null || !PART.test(window) || !PART.test(feature)) return [];
  return [{ feature, window, stage: null, methodology: of('method') }];
}
