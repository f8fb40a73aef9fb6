/**
 * A request body in the shape a coding agent sends: model first, a long system prompt, tools, a conversation full of
 * source code and tool results, `stream` last.
 *
 * @param {{ model: string, stream: boolean, bodyKb?: number | undefined }} wanted without bodyKb: a short question
 * @returns {Buffer}
 */
export function requestBody({ model, stream, bodyKb }) {
  const head = { model, max_tokens: 32_000, metadata: { user_id: USER_ID } };
  if (bodyKb === undefined) {
    const messages = [{ role: 'user', content: 'Say one short thing about the weather.' }];
    return Buffer.from(JSON.stringify({ ...head, messages, stream }));
  }
  const size = bodyKb * 1024;
  const system = [{ type: 'text', text: repeat(PROSE, size * 0.08), cache_control: { type: 'ephemeral' } }];
  const tools = Array.from({ length: 18 }, (_, index) => tool(index, (size * 0.1) / 18));
  const messages = [];
  let left = size * 0.8;
  for (let turn = 0; left > 0; turn += 1) {
    const pair = exchange(turn);
    messages.push(...pair);
    left -= JSON.stringify(pair).length;
  }
  messages.push({ role: 'user', content: 'Now make the test pass.' });
  return Buffer.from(JSON.stringify({ ...head, system, messages, tools, stream }));
}

const USER_ID = JSON.stringify({ device_id: '0'.repeat(64), session_id: '5f0c9a52-7d1e-4c55-9f57-0a3f8b7f2f11' });
const PROSE = 'You are a careful engineer. Read before you write; prefer small changes — say why.\n';
const CODE = `export function total(lines: readonly string[]): number {
\t// "quoted" values, a back\\slash and a tab
\treturn lines.map((line) => Number(line.split(",")[1] ?? "0")).reduce((sum, n) => sum + n, 0);
}
`;

function exchange(turn) {
  const id = `toolu_${String(turn).padStart(22, '0')}`;
  const input = { file_path: `/src/module-${turn}/index.ts`, limit: 200 + turn, offset: turn * 3 };
  return [
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'I read the module and its callers first.' },
        { type: 'tool_use', id, name: 'Read', input },
      ],
    },
    {
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: id, content: repeat(CODE, 2000 + ((turn * 977) % 9000)) }],
    },
  ];
}

function tool(index, bytes) {
  const properties = {
    file_path: { type: 'string', description: 'Absolute path of the file' },
    limit: { type: 'number' },
  };
  const input_schema = { type: 'object', properties, required: ['file_path'], additionalProperties: false };
  return { name: `Tool${index}`, description: repeat(PROSE, bytes), input_schema };
}

function repeat(text, size) {
  return text.repeat(Math.max(1, Math.ceil(size / text.length)));
}
