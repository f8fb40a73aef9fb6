import { request } from 'node:http';
import { end, firstLine, LOAD_CORE, startPinned } from '../processes.mjs';
import { requestBody } from '../request-body.mjs';

/**
 * Asks the simulator once for each answer the upstream will repeat. The upstream then replays bytes: it must cost less
 * than any proxy, or all proxies would look alike.
 *
 * @param {string} shimMain path of the shim's command line
 * @returns {Promise<{ json: string, events: string[] }>} one JSON answer; one stream cut into its events
 */
export async function recordAnswers(shimMain) {
  const json = await answerOf(shimMain, 'bench-json', { model: 'bench-json', stream: false });
  const stream = await answerOf(shimMain, 'bench-burst-500', { model: 'bench-burst', stream: true });
  return { json, events: stream.split(/(?<=\n\n)/) };
}

async function answerOf(shimMain, preset, body) {
  const args = [shimMain, 'simulate', '--port', '0', '--preset', preset, '--json'];
  const simulator = startPinned(process.execPath, args, { core: LOAD_CORE });
  try {
    const { url } = await firstLine(simulator, (line) => JSON.parse(line));
    return await post(`${url}/v1/messages`, requestBody(body));
  } finally {
    await end(simulator);
  }
}

function post(url, body) {
  const headers = { 'content-type': 'application/json', 'x-api-key': 'bench', 'anthropic-version': '2023-06-01' };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers, agent: false }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (answer.statusCode === 200) resolve(text);
        else reject(new Error(`the simulator answered ${answer.statusCode}: ${text.slice(0, 200)}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
