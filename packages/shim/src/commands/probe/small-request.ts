import { mergeUsage, noUsage, isKnown, toTokens } from '../../meter/usage-fields.ts';
import { counted, DEFAULT_WEIGHTS } from '../../quota/counted.ts';
import type { Address } from '../link/address.ts';

/** A generation of some hundred tokens never takes this long. */
const TIMEOUT_MS = 120_000;

export interface SmallRequest {
  readonly model: string;
  /** About as many in, and at most as many out. */
  readonly tokens: number;
  /** Tells requests apart, so that no prompt cache serves the next one. */
  readonly nonce: string;
}

/** What it has used, counted as a quota counts; or why there is nothing to count. */
export type Spent = { readonly tokens: number; readonly lane: string } | { readonly problem: string };

/** One request through the running shim, as any client would send it. */
export async function spend(address: Address, request: SmallRequest, signal: AbortSignal): Promise<Spent> {
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(`${address.url}/v1/messages`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'anthropic-version': '2023-06-01',
        ...(address.key !== null && { 'x-ccp-key': address.key }),
      },
      body: JSON.stringify(bodyOf(request)),
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    body = await response.json().catch(() => null);
  } catch (error) {
    const { cause, name } = error as { readonly cause?: { readonly code?: unknown }; readonly name?: unknown };
    return { problem: signal.aborted ? 'interrupted' : `no answer (${String(cause?.code ?? name)})` };
  }
  const lane = response.headers.get('x-ccp-lane') ?? '';
  const { usage: reported, error } = (body ?? {}) as { usage?: unknown; error?: { message?: unknown } };
  if (!response.ok) {
    const said = typeof error?.message === 'string' ? `: ${error.message.slice(0, 200)}` : '';
    return { problem: `status ${response.status} from ${lane || 'the shim'}${said}` };
  }
  const usage = noUsage();
  mergeUsage(usage, reported);
  if (!isKnown(usage)) return { problem: `the answer from ${lane} reports no usage` };
  return { tokens: counted(toTokens(usage), DEFAULT_WEIGHTS), lane };
}

/** Every word of the filler is about one token; the instruction takes the rest. */
const INSTRUCTION_TOKENS = 40;

function bodyOf({ model, tokens, nonce }: SmallRequest): unknown {
  const filler = 'measure '.repeat(Math.max(0, tokens - INSTRUCTION_TOKENS));
  const content = `${nonce}. ${filler}Count upwards from 1, one number after the other, and do not stop by yourself.`;
  return { model, max_tokens: tokens, stream: false, messages: [{ role: 'user', content }] };
}
