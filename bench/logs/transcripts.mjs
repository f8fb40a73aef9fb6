import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomFrom } from './random.mjs';

const MODELS = ['claude-sonnet-4-5-20250929', 'claude-opus-4-5-20251101', 'claude-haiku-4-5-20251001', 'glm-4.7'];
const START_MS = Date.UTC(2030, 0, 1);
const FILE_BYTES = 340 * 1024;

/**
 * Writes transcripts as Claude Code does, about `bytes` of them: prompts, answers in one to three records each (the first
 * ones with the usage so far), tool results up to megabytes, subagents, and sessions that begin with a copy of another.
 *
 * @param {string} home becomes a home of Claude Code
 * @returns {{ files: number, bytes: number, lines: number, answers: number, sums: Sums }} what is in it, each answer once
 *
 * @typedef {{ input: number, output: number, cacheWrite: number, cacheRead: number }} Sums
 */
export function writeTranscripts(home, bytes, seed = 1) {
  const random = randomFrom(seed);
  const texts = textPool(random);
  const made = { files: 0, bytes: 0, lines: 0, answers: 0, sums: { input: 0, output: 0, cacheWrite: 0, cacheRead: 0 } };
  let copied = [];
  let last = '';
  let project = '';
  while (made.bytes < bytes) {
    const isAgent = made.files > 0 && random.next() < 0.35;
    // A session's subagents follow it.
    const session = isAgent ? last : `${random.id(8)}-${random.id(4)}-4${random.id(3)}-${random.id(12)}`;
    if (!isAgent) project = join(home, 'projects', `-home-dev-project-${made.files % 60}`);
    last = session;
    const folder = isAgent ? join(project, session, 'subagents') : project;
    const name = isAgent ? `agent-${random.id(17)}.jsonl` : `${session}.jsonl`;
    const wanted = Math.min(random.size(FILE_BYTES * 0.6, 1), 40 * 1024 * 1024);
    // A resumed session begins with what was said before.
    const lines = !isAgent && random.next() < 0.2 ? [...copied] : [];
    let size = lines.reduce((sum, line) => sum + line.length + 1, 0);
    const state = { session, isAgent, ms: START_MS + random.below(30 * 86_400_000), model: random.pick(MODELS) };
    while (size < wanted) {
      for (const line of turn(random, texts, state, made)) {
        lines.push(line);
        size += line.length + 1;
      }
    }
    mkdirSync(folder, { recursive: true });
    const text = `${lines.join('\n')}\n`;
    writeFileSync(join(folder, name), text);
    if (!isAgent) copied = lines.slice(0, 12);
    made.files += 1;
    made.bytes += Buffer.byteLength(text);
    made.lines += lines.length;
  }
  return made;
}

/** Some records of about `bytes`, to be appended to a transcript. */
export function someRecords(bytes, seed) {
  const random = randomFrom(seed);
  const texts = textPool(random);
  const made = { answers: 0, sums: { input: 0, output: 0, cacheWrite: 0, cacheRead: 0 } };
  const state = { session: random.id(36), isAgent: false, ms: START_MS, model: MODELS[0] };
  let text = '';
  while (text.length < bytes) for (const line of turn(random, texts, state, made)) text += `${line}\n`;
  return { text, ...made };
}

/** A prompt or a tool's result, and the answer to it. */
function* turn(random, texts, state, made) {
  const step = () => (state.ms += 500 + random.below(20_000));
  const result = Math.min(random.size(1800, 1.3), 4 * 1024 * 1024);
  const isPrompt = random.next() < 0.15;
  yield (
    head(random, state, step()) +
    (isPrompt
      ? `"type":"user","message":{"role":"user","content":"${texts(random.size(300, 1))}"}${tail(random, state)}`
      : `"type":"user","message":{"role":"user","content":[{"tool_use_id":"toolu_01${random.id(22)}","type":"tool_result","content":"${texts(result)}"}]}${tail(random, state)}`)
  );
  const usage = {
    input: 1 + random.below(12),
    output: random.size(180, 1),
    cacheWrite: random.size(900, 1.2),
    cacheRead: 9000 + random.below(140_000),
  };
  const hour = random.next() < 0.3 ? Math.floor(usage.cacheWrite / 2) : 0;
  const ids = { message: `msg_01${random.id(22)}`, request: `req_011${random.id(21)}` };
  const records = 1 + random.below(3);
  for (let record = 1; record <= records; record += 1) {
    const isLast = record === records;
    // Before it is done, the output counted is what the answer began with.
    const output = isLast || random.next() < 0.5 ? usage.output : Math.min(usage.output, 1 + random.below(8));
    const block =
      isLast && random.next() < 0.7
        ? `{"type":"tool_use","id":"toolu_01${random.id(22)}","name":"Edit","input":{"file_path":"/home/dev/project/src/main.ts","old_string":"${texts(random.size(250, 1))}","new_string":"${texts(random.size(300, 1))}"}}`
        : `{"type":"text","text":"${texts(random.size(350, 1))}"}`;
    yield (
      head(random, state, step()) +
      `"message":{"model":"${state.model}","id":"${ids.message}","type":"message","role":"assistant","content":[${block}],"stop_reason":${isLast ? '"tool_use"' : 'null'},"stop_sequence":null,"usage":{"input_tokens":${usage.input},"cache_creation_input_tokens":${usage.cacheWrite},"cache_read_input_tokens":${usage.cacheRead},"cache_creation":{"ephemeral_5m_input_tokens":${usage.cacheWrite - hour},"ephemeral_1h_input_tokens":${hour}},"output_tokens":${output},"service_tier":"standard"}},"requestId":"${ids.request}","type":"assistant"${tail(random, state)}`
    );
  }
  made.answers += 1;
  for (const kind of Object.keys(usage)) made.sums[kind] += usage[kind];
}

function head(random, { session, isAgent }, ms) {
  return `{"parentUuid":"${random.id(8)}-${random.id(27)}","isSidechain":${isAgent},"userType":"external","cwd":"/home/dev/project","sessionId":"${session}","version":"2.1.90","gitBranch":"main","slug":"quiet-river","timestamp":"${new Date(ms).toISOString()}",`;
}

function tail(random) {
  return `,"uuid":"${random.id(8)}-${random.id(27)}"}`;
}

/** Text as it stands in JSON: code and prose with the escapes they need, in pieces that can be put together. */
function textPool(random) {
  const words = [
    'const ',
    'value',
    ' = ',
    'read',
    '(',
    'file',
    ');\\n',
    '  if (',
    '\\"name\\"',
    ' !== ',
    'null) {\\n',
    'return ',
  ];
  const more = [
    'the session ',
    'was written ',
    'again, ',
    'naïve → ',
    '\\t',
    '{ \\"usage\\": 1 }',
    '// counted once\\n',
    '}\\n\\n',
  ];
  const all = [...words, ...words, ...more];
  const pieces = Array.from({ length: 4000 }, () => {
    let text = '';
    while (text.length < 500) text += random.pick(all);
    return text;
  });
  return (bytes) => {
    if (bytes < 500)
      return pieces[random.below(pieces.length)]
        .slice(0, 480)
        .replace(/\\+$/, '')
        .slice(0, Math.max(1, bytes))
        .replace(/\\+$/, '');
    let text = '';
    while (text.length < bytes) text += pieces[random.below(pieces.length)];
    return text;
  };
}
