import { vi } from 'vitest';
import { run } from '../program.ts';
import type { Ended } from './child.ts';

/** `tracker …` within this process: as much of it as a child would show, without the second a child takes to start. */
export async function runHere(args: readonly string[]): Promise<Ended> {
  const told = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      told[stream] += text.toString();
      return true;
    }),
  );
  try {
    const code = await run(['node', 'tracker', ...args]);
    return { code, ...told };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
