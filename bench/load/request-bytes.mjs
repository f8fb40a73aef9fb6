import { requestBody } from '../request-body.mjs';

/**
 * One request, head and body, ready to be written.
 *
 * @param {{ port: number, headers: Record<string, string>, modelPrefix: string, scenario: import('../scenarios.mjs').Scenario }} job
 */
export function requestBytes({ port, headers, modelPrefix, scenario }) {
  const body = requestBody({
    model: modelPrefix + (scenario.model ?? 'bench-json'),
    stream: scenario.stream ?? false,
    bodyKb: scenario.bodyKb,
  });
  const lines = Object.entries({ ...AGENT_HEADERS, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${lines.join('')}content-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/** What a coding agent sends with every turn. */
const AGENT_HEADERS = {
  accept: 'application/json',
  'content-type': 'application/json',
  'user-agent': 'claude-cli/2.1.0 (external, cli)',
  'anthropic-version': '2023-06-01',
  'anthropic-beta': 'claude-code-20250219,interleaved-thinking-2025-05-14',
  'x-app': 'cli',
  'x-stainless-lang': 'js',
  'x-stainless-package-version': '0.70.0',
  'x-stainless-retry-count': '0',
  'x-stainless-runtime': 'node',
  'x-api-key': 'bench-key',
};
