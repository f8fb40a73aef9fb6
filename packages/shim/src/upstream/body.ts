import type { RequestFacts, Wire } from '../exchange.ts';

/**
 * The bytes to send: as received, unless the lane knows the model by another name. Then only that one value is
 * replaced, in place; nothing is parsed and written again. A compressed body that needs the change goes out plain.
 */
export function bodyFor(
  { body, plainBody }: Wire,
  facts: RequestFacts,
  model: string,
): { body: Buffer; reencoded: boolean } {
  if (facts.modelSpan === null || model === facts.model) return { body, reencoded: false };
  const patched = Buffer.concat([
    plainBody.subarray(0, facts.modelSpan.start),
    Buffer.from(JSON.stringify(model)),
    plainBody.subarray(facts.modelSpan.end),
  ]);
  return { body: patched, reencoded: body !== plainBody };
}
