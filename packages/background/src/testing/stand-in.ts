import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { spawnSync } from 'node:child_process';
import type { Host } from '../host.ts';

/** A machine of another kind: its tools are scripts that write down how they were called and answer what they are told to. */
export interface StandIn extends Disposable {
  readonly host: Host;
  readonly home: string;
  /** One line per call, in order. */
  readonly calls: () => readonly string[];
  /** What a tool prints from now on, and its exit code, for calls that contain `words`. */
  readonly answers: (tool: string, words: string, out: string, code?: number) => void;
}

export function standIn(platform: NodeJS.Platform, tools: readonly string[]): StandIn {
  const home = mkdtempSync(join(tmpdir(), 'background-'));
  const bin = join(home, 'bin');
  const calls = join(home, 'calls');
  mkdirSync(bin);
  for (const tool of tools) {
    const script = [
      '#!/bin/sh',
      `echo "${tool} $*" >> '${calls}'`,
      `for answer in '${bin}/${tool}.answers'/*; do`,
      '  [ -f "$answer/words" ] || [ -d "$answer" ] || continue',
      '  case "$*" in *"$(cat "$answer/words")"*) cat "$answer/out"; exit "$(cat "$answer/code")";; esac',
      'done',
      'exit 0',
    ];
    writeFileSync(join(bin, tool), `${script.join('\n')}\n`);
    chmodSync(join(bin, tool), 0o755);
  }
  let count = 0;
  return {
    home,
    host: {
      platform,
      home,
      uid: 501,
      env: {},
      run: (file, args) => {
        const path = `${bin}${delimiter}${process.env['PATH'] ?? ''}`;
        const { status, stdout, stderr } = spawnSync(join(bin, file), args, {
          encoding: 'utf8',
          env: { PATH: path },
        });
        return { code: status, out: stdout ?? '', err: stderr ?? '' };
      },
    },
    calls: () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : []),
    answers: (tool, words, out, code = 0) => {
      // The newest answer is found first.
      const folder = join(bin, `${tool}.answers`, String(9_999 - count++));
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'words'), words);
      writeFileSync(join(folder, 'out'), out);
      writeFileSync(join(folder, 'code'), String(code));
    },
    [Symbol.dispose]: () => rmSync(home, { recursive: true, force: true }),
  };
}
