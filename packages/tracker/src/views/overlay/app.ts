import { Writable } from 'node:stream';
import type { ReadStream } from 'node:tty';
import { render, useInput } from 'ink';
import { createElement } from 'react';
import type { Key } from './look.ts';

export interface OverlayKeys {
  readonly stdin: ReadStream;
  readonly pressed: (key: Key) => void;
}

/**
 * Holds the terminal with Ink until the answered function is called: raw mode, and keys whole however they arrive. Ink draws
 * nothing: our lines have their width already, and its layout took 10 MB and 9 ms each time only a clock went on.
 */
export function mountOverlay({ stdin, pressed }: OverlayKeys): () => void {
  const nowhere = new Writable({ write: (_frame, _encoding, done) => done() });
  const app = render(createElement(Keys, { pressed, isActive: stdin.isTTY }), {
    stdout: nowhere as unknown as NodeJS.WriteStream,
    stdin,
    debug: true,
    exitOnCtrlC: false,
    patchConsole: false,
  });
  return () => {
    app.unmount();
    app.cleanup();
  };
}

interface Props {
  readonly pressed: (key: Key) => void;
  readonly isActive: boolean;
}

function Keys({ pressed, isActive }: Props): null {
  useInput(
    (input, key) => {
      // Raw mode hands Ctrl-C over as a key.
      if (key.ctrl) return pressed({ input: input === 'c' ? 'q' : `ctrl-${input}` });
      // Keys typed in haste come as one piece.
      if (input.length > 1) for (const one of input) pressed({ input: one });
      else pressed({ ...key, input });
    },
    { isActive },
  );
  return null;
}
