import { PANELS } from './panel.ts';
import type { Look } from './screen.ts';

/** A key as Ink tells it. */
export interface Key {
  readonly input: string;
  readonly tab?: boolean;
  readonly shift?: boolean;
  readonly return?: boolean;
  readonly escape?: boolean;
  readonly upArrow?: boolean;
  readonly downArrow?: boolean;
  readonly pageUp?: boolean;
  readonly pageDown?: boolean;
}

/** What a key asks for beside another look. */
export type Wish = 'quit' | 'suspend' | 'read' | null;

export interface Answer {
  readonly look: Look;
  readonly wish: Wish;
}

const PAGE = 10;

/** What a key changes. `lastScroll`: the furthest the panel in focus may be scrolled. An unknown key changes nothing. */
export function afterKey(look: Look, key: Key, lastScroll: number): Answer {
  const to = (change: Partial<Look>): Answer => ({ look: { ...look, ...change }, wish: null });
  const { input } = key;
  if (input === 'q') return { look, wish: 'quit' };
  if (input === 'ctrl-z') return { look, wish: 'suspend' };
  if (input === 'r') return { look, wish: 'read' };
  if (input === '?' || input === 'h') return to({ help: !look.help });
  if (look.help) return key.escape || key.return ? to({ help: false }) : { look, wish: null };
  if (key.tab) {
    const step = key.shift ? PANELS.length - 1 : 1;
    const focus = PANELS[(PANELS.indexOf(look.focus) + step) % PANELS.length] ?? look.focus;
    return to({ focus, scroll: 0 });
  }
  if (input === 'z' || key.return) return to({ zoom: !look.zoom, scroll: 0 });
  if (key.escape) return to({ zoom: false, scroll: 0 });
  if (input === 'p' || input === ' ') return to({ paused: !look.paused });
  const named = /^[1-5]$/.test(input) ? PANELS[Number(input) - 1] : undefined;
  if (named !== undefined) return to({ focus: named, zoom: look.zoom || named === look.focus, scroll: 0 });
  const step = key.pageDown
    ? PAGE
    : key.pageUp
      ? -PAGE
      : key.downArrow || input === 'j'
        ? 1
        : key.upArrow || input === 'k'
          ? -1
          : 0;
  if (step === 0 || !look.zoom) return { look, wish: null };
  return to({ scroll: Math.min(lastScroll, Math.max(0, look.scroll + step)) });
}
