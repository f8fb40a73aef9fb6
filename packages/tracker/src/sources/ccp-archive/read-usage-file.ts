import { readFileSync } from 'node:fs';
import { parseUsage } from '@ccp/contracts';
import type { Usage } from '@ccp/contracts';
import { systemErrorCode } from '../../problem.ts';
import type { Outcome, Problem } from '../../problem.ts';
import { unreadable } from './find-archive.ts';
import { parsed } from './json-fragments.ts';

/** Reads an answer of `/v1/usage` that was kept as a file, of our shim or an older one. */
export function readUsageFile(file: string): Outcome<Usage> {
  const refuse = (problem: Omit<Problem, 'file'>): Outcome<Usage> => ({ ok: false, problem: { file, ...problem } });
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    if (code !== 'ENOENT') return refuse(unreadable(file, code));
    return refuse({ code: 'file-unreadable', message: `there is no file ${file}`, remedy: KEEP });
  }
  if (text.trim() === '') return refuse({ code: 'empty-text', message: `${file} is empty`, remedy: KEEP });
  const value = parsed(text);
  if (value === undefined) return refuse({ code: 'not-json', message: `${file} is no JSON`, remedy: KEEP });
  const usage = parseUsage(value);
  if (usage.ok) return usage;
  const [first] = usage.problems;
  const message = `${file} is no answer of /v1/usage: ${first?.path ?? ''} ${first?.reason ?? ''}`;
  return refuse({ code: 'not-usage-v1', message, pointer: first?.path ?? '', remedy: KEEP });
}

const KEEP = 'Keep one with: curl http://127.0.0.1:8082/v1/usage > usage.json';
