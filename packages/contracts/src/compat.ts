import { changeOf } from './breaking-change.ts';
import type { BreakingChange, ChangeKind } from './breaking-change.ts';
import { boundChanges, exactChanges, typeChanges, valueChanges } from './constraints.ts';
import { childKeywords, placeOf, variantKeywords, viewOf } from './schema-view.ts';
import type { Place, SchemaSet, VariantKeyword, View } from './schema-view.ts';
import type { JsonSchema } from './generated/schemas.ts';

/**
 * Everything in `current` that breaks somebody who relies on `released`. Empty when the change only adds.
 *
 * A tighter contract breaks writers that followed the released one, whatever the document. A looser one breaks
 * readers that relied on the guarantee, so it counts for documents our programs write; for files a user
 * writes (`*-config`) accepting more is an addition. A grown enum is an addition everywhere: readers must
 * tolerate words they do not know.
 */
export function findBreakingChanges(released: SchemaSet, current: SchemaSet): BreakingChange[] {
  const walk = new Walk();
  for (const name of Object.keys(released)) {
    const place = placeOf(released, name);
    const now = current[name];
    if (!now) walk.report([place], 'schema-removed', `schema ${name} was removed`);
    else if (now['$id'] !== place.node['$id']) walk.report([place], 'id-changed', `$id of ${name} changed`);
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
    const local = [...typeChanges(old, now), ...valueChanges(old, now), ...boundChanges(old, now)];
    for (const { kind, what } of [...local, ...exactChanges(old, now)]) this.report(where, kind, what);
    this.#compareFields(old, now, where);
    for (const keyword of childKeywords) {
      this.compare(old.children.get(keyword) ?? [], now.children.get(keyword) ?? [], where);
    }
    for (const keyword of variantKeywords) this.#compareVariants(old, now, keyword, where);
  }

  #compareFields(old: View, now: View, at: readonly Place[]): void {
    for (const [name, places] of old.properties) {
      const current = now.properties.get(name);
      if (current) this.compare(places, current, at);
      else this.report(places, 'field-removed', `field ${name} was removed`);
    }
    for (const name of now.required) {
      if (!old.required.has(name)) this.report(at, 'newly-required', `field ${name} became required`);
    }
    for (const name of old.required) {
      if (!now.required.has(name)) this.report(at, 'no-longer-required', `field ${name} is no longer required`);
    }
    if (now.closed && !old.closed) this.report(at, 'closed', 'unknown fields are refused now');
  }

  #compareVariants(old: View, now: View, keyword: VariantKeyword, at: readonly Place[]): void {
    const [before, after] = [old.variants.get(keyword) ?? [], now.variants.get(keyword) ?? []];
    for (let index = 0; index < Math.max(before.length, after.length); index += 1) {
      this.#compareBranches(before[index] ?? [], after[index] ?? [], keyword, at);
    }
  }

  #compareBranches(before: readonly Place[], after: readonly Place[], keyword: string, at: readonly Place[]): void {
    if (before.length === 0) return this.report(at, 'tightened', `${keyword} was added`);
    if (after.length === 0) return this.report(at, 'loosened', `${keyword} was removed`);
    const { lost, gained } = unmatched(before, after);
    if (lost.length === gained.length) {
      lost.forEach((branch, index) => this.compare([branch], gained.slice(index, index + 1), at));
      return;
    }
    if (lost.length > 0) this.report(at, 'tightened', `${keyword} lost ${branches(lost)}`);
    // One more branch of oneOf may overlap another, and then refuses what was accepted before.
    const kind = keyword === 'oneOf' ? 'unproven' : 'loosened';
    if (gained.length > 0) this.report(at, kind, `${keyword} gained ${branches(gained)}`);
  }
}

/** Branches without a partner that follows the same contract. Their order does not matter. */
function unmatched(before: readonly Place[], after: readonly Place[]): { lost: Place[]; gained: Place[] } {
  const gained = [...after];
  const lost = before.filter((branch) => {
    const index = gained.findIndex((candidate) => {
      const trial = new Walk();
      trial.compare([branch], [candidate]);
      return trial.changes().length === 0;
    });
    if (index >= 0) gained.splice(index, 1);
    return index < 0;
  });
  return { lost, gained };
}

function branches(places: readonly Place[]): string {
  return places.length === 1 ? 'a branch' : `${places.length} branches`;
}

function address(view: View): string {
  return view.parts.map(({ document, pointer }) => `${document}#${pointer}`).join('+');
}
