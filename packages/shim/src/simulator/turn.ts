import type { TokenUsage, ToolScript, Turn } from './script.ts';

/** A turn with every default put in. */
export type FilledTurn = Readonly<
  Required<Omit<Turn, Optional | 'usage'>> & Pick<Turn, Optional> & { usage: Readonly<TokenUsage> }
>;

type Optional = 'model' | 'ping_every' | 'split' | 'content_encoding' | 'stop_reason' | 'tool';

export interface Identity {
  readonly id: string;
  readonly model: string;
}

/** Later scripts win field by field, inside `usage` too. */
export function fillTurn(...scripts: readonly (Turn | undefined)[]): FilledTurn {
  let filled = defaults;
  for (const script of scripts) {
    if (script !== undefined) filled = { ...filled, ...script, usage: { ...filled.usage, ...script.usage } };
  }
  return filled;
}

/** A content block: as announced, as streamed and as a whole. */
export interface Block {
  readonly empty: Readonly<Record<string, unknown>>;
  readonly deltas: readonly Readonly<Record<string, unknown>>[];
  readonly whole: Readonly<Record<string, unknown>>;
}

/** Thinking first, then text, then tool calls, as the provider orders them. */
export function contentOf(turn: FilledTurn, identity: Identity): Block[] {
  const blocks: Block[] = [];
  if (turn.thinking_chunks > 0) blocks.push(thinking(turn, identity));
  if (turn.text_chunks > 0) blocks.push(prose(turn));
  for (let n = 0; n < turn.tools; n += 1) blocks.push(toolUse(turn, identity, n));
  return blocks;
}

export function stopReasonOf(turn: FilledTurn): string {
  return turn.stop_reason ?? (turn.tools > 0 ? 'tool_use' : 'end_turn');
}

/** The tool `first-bash` asks for. */
export const bashTool: ToolScript = {
  name: 'Bash',
  input: { command: 'echo hello-from-tool', description: 'Print a fixed line' },
};

const defaults: FilledTurn = {
  thinking_chunks: 0,
  text_chunks: 8,
  chunk_text: 'A scripted provider says this. ',
  tools: 0,
  usage: { input: 25, output: 64, cache_write_5m: 0, cache_write_1h: 0, cache_read: 0 },
  zero_start: false,
  delta_usage: 'full',
  cumulative_deltas: 1,
  pace_ms: 0,
  ttft_ms: 0,
  crlf: false,
  event_names: true,
  no_request_id: false,
  extra_frames: [],
  omit_events: [],
};

/** Roughly what the provider sends per input_json_delta. */
const JSON_PIECE_CHARACTERS = 16;

function thinking(turn: FilledTurn, { model }: Identity): Block {
  const signature = Buffer.from(`simulated signature of ${model}`).toString('base64');
  const said = turn.chunk_text.repeat(turn.thinking_chunks);
  const chunk = { type: 'thinking_delta', thinking: turn.chunk_text };
  return {
    empty: { type: 'thinking', thinking: '', signature: '' },
    deltas: [...times(turn.thinking_chunks, chunk), { type: 'signature_delta', signature }],
    whole: { type: 'thinking', thinking: said, signature },
  };
}

function prose(turn: FilledTurn): Block {
  return {
    empty: { type: 'text', text: '' },
    deltas: times(turn.text_chunks, { type: 'text_delta', text: turn.chunk_text }),
    whole: { type: 'text', text: turn.chunk_text.repeat(turn.text_chunks) },
  };
}

function toolUse(turn: FilledTurn, identity: Identity, n: number): Block {
  const { name, input } = turn.tool === undefined || turn.tool === 'first-bash' ? bashTool : turn.tool;
  const head = { type: 'tool_use', id: `${identity.id.replace('msg_', 'toolu_')}${String(n)}`, name };
  const json = JSON.stringify(input);
  const pieces = [''];
  for (let at = 0; at < json.length; at += JSON_PIECE_CHARACTERS)
    pieces.push(json.slice(at, at + JSON_PIECE_CHARACTERS));
  return {
    empty: { ...head, input: {} },
    deltas: pieces.map((partial_json) => ({ type: 'input_json_delta', partial_json })),
    whole: { ...head, input },
  };
}

function times<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value);
}
