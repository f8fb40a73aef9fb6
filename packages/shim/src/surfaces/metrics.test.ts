import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { startRig, until } from '../testing/rig.ts';

const promtool = spawnSync('promtool', ['--version']).error === undefined;
if (!promtool) process.stdout.write('skipped: promtool is not installed (Debian: apt-get install prometheus)\n');

describe('GET /metrics', () => {
  it.skipIf(!promtool)(
    'is clean under promtool check metrics, with traffic of every kind and strange model names',
    async () => {
      await using rig = await startRig({
        providers: {
          anthropic: {
            rules: [
              { match: { nth: 2 }, then: { act: 'reject', kind: 'five_hour' } },
              { match: { nth: 3 }, then: { act: 'truncate', after_events: 3 } },
            ],
          },
          zai: {},
        },
        quotas: { models: { tiny: { provider: 'anthropic', rolling_tokens: 1 } } },
      });
      for (const model of ['a "quoted" model\\ with\nnewline', 'plain', 'plain', 'tiny']) await rig.ask({ model });
      await rig.completions(4);
      for (const path of ['/metrics', '/v1/metrics']) {
        const { text, headers } = await rig.get(path);
        expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
        const lint = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
        expect(lint.stderr + lint.stdout).toBe('');
        expect(lint.status).toBe(0);
      }
    },
  );

  it('counts what happened, under the names of the contract', async () => {
    await using rig = await startRig({
      providers: {
        anthropic: { turn: { usage: { input: 11, output: 7, cache_write_5m: 3, cache_write_1h: 2, cache_read: 100 } } },
      },
    });
    await rig.ask({ model: 'm' });
    await rig.completions(1);
    const written = async (): Promise<boolean> => (await rig.get('/metrics')).text.includes('ccp_store_writes_total 1');
    await until(written, 'the row in the database');
    const { text } = await rig.get('/metrics');
    for (const line of [
      'ccp_requests_total{lane="anthropic",op="stream",status="200"} 1',
      'ccp_input_tokens_total{lane="anthropic",model="m"} 11',
      'ccp_output_tokens_total{lane="anthropic",model="m"} 7',
      'ccp_cache_write_tokens_total{lane="anthropic",model="m"} 5',
      'ccp_cache_read_tokens_total{lane="anthropic",model="m"} 100',
      'ccp_request_duration_seconds_count{lane="anthropic",op="stream"} 1',
      'ccp_upstream_ready{lane="anthropic"} 1',
      'ccp_log_writes_total 2',
      'ccp_store_writes_total 1',
      'ccp_partial_writes_total 0',
      'gen_ai_server_time_to_first_token_seconds_count{gen_ai_provider_name="anthropic",gen_ai_request_model="m"} 1',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
    expect(text).not.toContain('ccp_wasted_retry_ms_total');
    expect((await rig.get('/metrics?names=original')).text).toMatch(
      /ccp_wasted_retry_ms_total\{model="m"\} 0[\s\S]*ccp_ttft_ms\{model="m",quantile="0\.5"\}/,
    );
  });

  it('keeps the number of series bounded, whatever clients call their models', async () => {
    await using rig = await startRig();
    for (let index = 0; index < 230; index += 1) await rig.ask({ model: `made-up-${index}`, stream: false });
    await rig.completions(230);
    const models = Object.keys((await rig.usage()).models);
    expect(models.length).toBeLessThanOrEqual(201);
    expect(models).toContain('(other)');
    expect((await rig.usage()).models['(other)']?.reqs).toBe(30);
  });
});
