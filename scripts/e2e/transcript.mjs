// Claude Code's own record of a session: JSON lines under ~/.claude/projects.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { tokensOf } from './books.mjs';

/** Answers by message id, and every tool result. */
export function readTranscripts(home) {
  const lines = transcriptLines(join(home, '.claude', 'projects'));
  const answers = new Map();
  const toolResults = [];
  for (const line of lines) {
    const { message } = line;
    if (line.type === 'assistant' && message?.usage !== undefined && line.isApiErrorMessage !== true) {
      const answer = { model: message.model, request_id: line.requestId, tokens: tokensOf(message.usage) };
      const known = answers.get(message.id);
      // One answer is written as several lines; the one with the largest count is the final one.
      if (known === undefined || known.tokens.output <= answer.tokens.output) answers.set(message.id, answer);
    }
    for (const block of Array.isArray(message?.content) ? message.content : [])
      if (block.type === 'tool_result') toolResults.push(JSON.stringify(block.content));
  }
  return { answers: [...answers.values()], toolResults };
}

function transcriptLines(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
