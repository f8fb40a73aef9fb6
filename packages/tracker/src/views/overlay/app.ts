import { Writable } from 'node:stream';
import type { ReadStream } from 'node:tty';
import { Box, render, Text, useInput } from 'ink';
import { createElement, useSyncExternalStore } from 'react';
import type { ReactElement } from 'react';
import type { Key } from './look.ts';

/** What the app draws, and whom it tells. */
export interface OverlayModel {
  /** Calls back when there are other lines; answers how to stop that. */
  subscribe(changed: () => void): () => void;
  /** Lines ready for the terminal; the same list as long as nothing changed. */
  lines(): readonly string[];
  pressed(key: Key): void;
}

export interface OverlayTerminal {
  readonly stdin: ReadStream;
  /** Takes a whole frame, lines parted by line ends. */
  readonly paint: (frame: string) => void;
  readonly width: () => number;
}

/**
 * Draws the model with Ink until the answered function is called. Ink lays out, keeps what changed and reads the keys; a
 * frame goes to `paint` as a whole, because Ink's own writer draws every line again and, where CI is set, none at all.
 */
export function mountOverlay(model: OverlayModel, { stdin, paint, width }: OverlayTerminal): () => void {
  const out = new Writable({
    decodeStrings: false,
    write: (frame: string | Buffer, _encoding, done) => {
      if (frame.length > 0) paint(String(frame));
      done();
    },
  });
  Object.defineProperty(out, 'columns', { get: width });
  const app = render(createElement(Overlay, { model, hasKeys: stdin.isTTY }), {
    stdout: out as unknown as NodeJS.WriteStream,
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
  readonly model: OverlayModel;
  readonly hasKeys: boolean;
}

function Overlay({ model, hasKeys }: Props): ReactElement {
  const lines = useSyncExternalStore(
    (changed) => model.subscribe(changed),
    () => model.lines(),
  );
  useInput(
    (input, key) => {
      // Raw mode hands Ctrl-C over as a key.
      if (key.ctrl) return model.pressed({ input: input === 'c' ? 'q' : `ctrl-${input}` });
      // Keys typed in haste come as one piece.
      if (input.length > 1) for (const one of input) model.pressed({ input: one });
      else model.pressed({ ...key, input });
    },
    { isActive: hasKeys },
  );
  return createElement(
    Box,
    { flexDirection: 'column' },
    // An empty text takes no line at all.
    lines.map((line, row) => createElement(Text, { key: row, wrap: 'truncate' }, line === '' ? ' ' : line)),
  );
}
