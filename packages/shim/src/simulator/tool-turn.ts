import type { Exchange } from './exchange.ts';
import type { ToolScript } from './script.ts';
import { bashTool } from './turn.ts';
import type { FilledTurn } from './turn.ts';

/**
 * The turn an agent's tool loop needs: a call when the request offers the tool, text once its result has come back.
 * The only act that parses a request body.
 */
export function toolTurn(exchange: Exchange, turn: FilledTurn): FilledTurn {
  const { tool } = turn;
  if (tool === undefined) return turn;
  const call = tool === 'first-bash' ? bashTool : tool;
  if (!wantsCall(exchange.body(), call)) return { ...turn, tools: 0 };
  return { ...turn, tools: Math.max(1, turn.tools), tool: call };
}

function wantsCall(body: unknown, call: ToolScript): boolean {
  const { tools, messages } = record(body);
  const isOffered = array(tools).some((tool) => record(tool)['name'] === call.name);
  return isOffered && !hasResult(array(messages));
}

/** Clients may put system messages after the one with the result: everything since the last answer counts. */
function hasResult(messages: readonly unknown[]): boolean {
  const last = messages.findLastIndex((message) => record(message)['role'] === 'assistant');
  return messages
    .slice(last + 1)
    .some((message) => array(record(message)['content']).some((block) => record(block)['type'] === 'tool_result'));
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function array(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
