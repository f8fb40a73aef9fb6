import { changeOf } from './breaking-change.ts';
import type { BreakingChange, ChangeKind } from './breaking-change.ts';
import { boundChanges, defaultChanges, exactChanges, typeChanges, valueChanges } from './constraints.ts';
import { childKeywords, isAnnotation, placeOf, variantKeywords, viewOf } from './schema-view.ts';
import type { Place, SchemaSet, VariantKeyword, View } from './schema-view.ts';
import type { JsonSchema } from './generated/schemas.ts';

/**
 * Everything in `current` that breaks somebody who relies on `released`. Empty when the change only adds.
 *
 * A tighter contract breaks writers that followed the released one, whatever the document. A looser one breaks
 * readers that relied on the guarantee, so it counts for documents our programs write; for files a user
 * writes (`*-config`) accepting more is an addition. That goes for a grown enum, too: an older reader refuses the
 * document for the word. Words that may grow are `x-known-values` of an open string.
 */
export function findBreakingChanges(released: SchemaSet, current: SchemaSet): BreakingChange[] {
  const walk = new Walk();
  for (const name of Object.keys(released)) {
    const place = placeOf(released, name);
    const now = current[name];
    if (!now) walk.report([place], 'schema-removed', `schema ${name} was removed`);
    else if (now['$id'] !== place.node['$id']) walk.report([place], 'id-changed', `$id of ${name} changed`);
    // Another dialect reads the same keywords differently.
    if (now && now['$schema'] !== place.node['$schema']) walk.report([place], 'unproven', `$schema of ${name} changed`);
    if (now) walk.compare([place], [placeOf(current, name)]);
  }
  return walk.changes();
}

/** {@link findBreakingChanges} for one document; a name that ends in `-config` makes it a file a user writes. */
export function findBreakingChangesIn(released: JsonSchema, current: JsonSchema, name = 'document'): BreakingChange[] {
  return findBreakingChanges({ [name]: released }, { [name]: current });
}

class Walk {
  readonly #found = new Map<string, BreakingChange>();
  readonly #seen = new Set<string>();

  changes(): BreakingChange[] {
    return [...this.#found.values()];
  }

  report(at: readonly Place[], kind: ChangeKind, what: string): void {
    const place = at[0];
    const change = changeOf(place?.document ?? '', place?.pointer ?? '', kind, what);
    if (change) this.#found.set(JSON.stringify(change), change);
  }

  compare(released: readonly Place[], current: readonly Place[], from: readonly Place[] = released): void {
    const [old, now] = [viewOf(released), viewOf(current)];
    const key = `${address(old)} ${address(now)}`;
    // Documents may refer to themselves, and several may refer to the same part.
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    // The part that holds the keywords names the place better than the reference that led to it.
    const at = old.parts.find(({ node }) => Object.keys(node).length > 1) ?? old.parts[0] ?? from[0];
    const where = at ? [at] : [];
    if (this.#compareUnion({ old, released }, { now, current }, where)) return;
    const local = [...typeChanges(old, now), ...valueChanges(old, now), ...boundChanges(old, now)];
    for (const { kind, what } of [...local, ...exactChanges(old, now), ...defaultChanges(old, now)]) {
      this.report(where, kind, what);
    }
    this.#compareFields(old, now, where);
    for (const keyword of childKeywords) {
      // Whether the rest of an object is refused was asked with the fields.
      if (keyword === 'additionalProperties' && (old.closed || now.closed)) continue;
      this.compare(old.children.get(keyword) ?? [], now.children.get(keyword) ?? [], where);
    }
    for (const keyword of variantKeywords) this.#compareVariants(old, now, keyword, where);
  }

  /** A list of types is an anyOf in short, and anything may become one of two: both sides are read as branches. */
  #compareUnion(
    before: { old: View; released: readonly Place[] },
    after: { now: View; current: readonly Place[] },
    at: readonly Place[],
  ): boolean {
    const [old, now] = [unionOf(before.old), unionOf(after.now)];
    if (old === undefined && now && before.old.types) {
      this.#compareBranches(byType(before.old, before.released), now, 'anyOf', at);
    } else if (now === undefined && old && after.now.types) {
      this.#compareBranches(old, byType(after.now, after.current), 'anyOf', at);
    } else return false;
    return true;
  }

  #compareFields(old: View, now: View, at: readonly Place[]): void {
    for (const [name, places] of old.properties) {
      const current = now.properties.get(name);
      if (current) this.compare(places, current, at);
      else this.report(places, 'field-removed', `field ${name} was removed`);
    }
    for (const [name, places] of now.properties) {
      const rest = old.children.get('additionalProperties') ?? [];
      if (old.properties.has(name)) continue;
      // Under this name the document could already hold what the rule for all other names allows.
      if (old.closed) this.report(at, 'loosened', `field ${name} was refused before`);
      else if (rest.length > 0) this.compare(rest, places, at);
    }
    for (const name of now.required) {
      if (!old.required.has(name)) this.report(at, 'newly-required', `field ${name} became required`);
    }
    for (const name of old.required) {
      if (!now.required.has(name)) this.report(at, 'no-longer-required', `field ${name} is no longer required`);
    }
    if (now.closed && !old.closed) this.report(at, 'closed', 'unknown fields are refused now');
    if (old.closed && !now.closed) this.report(at, 'loosened', 'unknown fields were refused before');
  }

  #compareVariants(old: View, now: View, keyword: VariantKeyword, at: readonly Place[]): void {
    const [before, after] = [old.variants.get(keyword) ?? [], now.variants.get(keyword) ?? []];
    for (let index = 0; index < Math.max(before.length, after.length); index += 1) {
      const [lost, gained] = [before[index] ?? [], after[index] ?? []];
      if (lost.length === 0) this.report(at, 'tightened', `${keyword} was added`);
      else if (gained.length === 0) this.report(at, 'loosened', `${keyword} was removed`);
      else this.#compareBranches(lost.map(alone), gained.map(alone), keyword, at);
    }
  }

  #compareBranches(
    before: readonly Branch[],
    after: readonly Branch[],
    keyword: VariantKeyword,
    at: readonly Place[],
  ): void {
    const { lost, gained } = unmatched(before, after);
    if (lost.length === gained.length) {
      lost.forEach((branch, index) => this.compare(branch, gained[index] ?? [], at));
      return;
    }
    if (lost.length > 0) this.report(at, 'tightened', `${keyword} lost ${branches(lost)}`);
    // One more branch of oneOf may overlap another, and then refuses what was accepted before.
    const kind = keyword === 'oneOf' ? 'unproven' : 'loosened';
    if (gained.length > 0) this.report(at, kind, `${keyword} gained ${branches(gained)}`);
  }
}

/** Parts that one branch demands together. */
type Branch = readonly Place[];

function alone(place: Place): Branch {
  return [place];
}

/** The branches of a part that is an anyOf and demands nothing beside it. */
function unionOf(view: View): readonly Branch[] | undefined {
  const [branchesOfIt, ...more] = view.variants.get('anyOf') ?? [];
  const others = view.parts.some(({ node }) => Object.keys(node).some((key) => key !== 'anyOf' && !isAnnotation(key)));
  return branchesOfIt && more.length === 0 && !others ? branchesOfIt.map(alone) : undefined;
}

function byType(view: View, places: readonly Place[]): readonly Branch[] {
  const types = [...(view.types ?? [])];
  if (types.length < 2) return [places];
  return types.map((type) => {
    const only = places.slice(0, 1).map((place) => ({ ...place, pointer: `${place.pointer}?${type}`, node: { type } }));
    return [...places, ...only];
  });
}

/** Branches without a partner that follows the same contract. Their order does not matter. */
function unmatched(before: readonly Branch[], after: readonly Branch[]): { lost: Branch[]; gained: Branch[] } {
  const [lost, gained] = [[...before], [...after]];
  // Those that have not changed at all first: one that only gained a field is a partner of several.
  for (const isPartner of [(one: Branch, other: Branch) => onlyAdds(one, other) && onlyAdds(other, one), onlyAdds]) {
    for (const branch of [...lost]) {
      const index = gained.findIndex((candidate) => isPartner(branch, candidate));
      if (index < 0) continue;
      gained.splice(index, 1);
      lost.splice(lost.indexOf(branch), 1);
    }
  }
  return { lost, gained };
}

function onlyAdds(before: Branch, after: Branch): boolean {
  const trial = new Walk();
  trial.compare(before, after);
  return trial.changes().length === 0;
}

function branches(list: readonly Branch[]): string {
  return list.length === 1 ? 'a branch' : `${list.length} branches`;
}

function address(view: View): string {
  return view.parts.map(({ document, pointer }) => `${document}#${pointer}`).join('+');
}
