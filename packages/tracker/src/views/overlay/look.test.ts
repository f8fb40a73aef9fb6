import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { afterKey } from './look.ts';
import type { Key } from './look.ts';
import { PANELS } from './panel.ts';
import { FIRST_LOOK } from './screen.ts';

const press = (...keys: readonly (string | Key)[]) =>
  keys.reduce((look, key) => afterKey(look, typeof key === 'string' ? { input: key } : key, 7).look, FIRST_LOOK);

test('a number puts a panel in focus, once more it zooms; tab goes round in both directions', () => {
  expect(press('3')).toMatchObject({ focus: 'routing', zoom: false });
  expect(press('3', '3')).toMatchObject({ focus: 'routing', zoom: true });
  expect(press('3', '3', '4')).toMatchObject({ focus: 'windows', zoom: true });
  const tab = { input: '', tab: true };
  expect(press(tab, tab)).toMatchObject({ focus: 'routing' });
  expect(press({ ...tab, shift: true })).toMatchObject({ focus: 'outcome' });
});

test('zoom, pause, help and quit', () => {
  expect(press('z')).toMatchObject({ zoom: true });
  expect(press('z', { input: '', escape: true })).toMatchObject({ zoom: false });
  expect(press('p')).toMatchObject({ paused: true });
  expect(press(' ', 'p')).toMatchObject({ paused: false });
  expect(press('?', '?')).toEqual(FIRST_LOOK);
  expect(afterKey(press('?'), { input: 'q' }, 0).wish).toBe('quit');
  expect(afterKey(FIRST_LOOK, { input: 'ctrl-z' }, 0).wish).toBe('suspend');
  expect(afterKey(FIRST_LOOK, { input: 'r' }, 0).wish).toBe('read');
});

test('property: no row of keys scrolls beyond the ends, or anywhere without zoom', () => {
  const key = fc.constantFrom<Key>(
    ...['1', '3', 'z', 'j', 'k', 'p', '?', 'x', 'é'].map((input) => ({ input })),
    { input: '', downArrow: true },
    { input: '', pageDown: true },
    { input: '', pageUp: true },
    { input: '', tab: true },
  );
  fc.assert(
    fc.property(fc.array(key, { maxLength: 40 }), (keys) => {
      const { scroll, zoom, focus } = press(...keys);
      expect(scroll).toBeGreaterThanOrEqual(0);
      expect(scroll).toBeLessThanOrEqual(zoom ? 7 : 0);
      expect(PANELS).toContain(focus);
    }),
  );
});
