import { describe, expect, it } from 'vitest';
import { membersOfLast } from '../json-spans.ts';
import { UsageForms } from './usage-forms.ts';

const KEY = Buffer.from('"usage"');

function textOf(input: string, output: string, { head = '{"id":"a",', more = '' } = {}): Buffer {
  return Buffer.from(`${head}"usage":{"in":${input},"tier":"t 1","deep":{"x":${input}},"out":${output}${more}}}`);
}

/** Knows the end of one answer. */
function taught(text = textOf('7', '8'), forms = new UsageForms()): UsageForms {
  const found = membersOfLast(text, KEY, ['out', 'in']);
  forms.learn(
    text,
    found?.keyAt ?? -1,
    (found?.spans ?? []).filter((span) => span !== null),
  );
  return forms;
}

describe('ends of answers', () => {
  it('are read by their numbers, in the order that was asked for', () => {
    const forms = taught();
    expect(forms.read(textOf('123', '0'))).toEqual([0, 123]);
    expect(forms.read(textOf('999999999', '45', { head: '{"content":"of any length",' }))).toEqual([45, 999_999_999]);
  });

  it.each([
    ['a leading zero', textOf('07', '8')],
    ['a sign', textOf('-7', '8')],
    ['a fraction', textOf('7.5', '8')],
    ['an exponent', textOf('7e1', '8')],
    ['no number', textOf('null', '8')],
    ['more than any request uses', textOf('1234567890', '8')],
    ['another member', textOf('7', '8', { more: ',"new":1' })],
    ['a list around it', textOf('7', '8', { head: '[{"id":"a",' })],
    ['a quote that is escaped', textOf('7', '8', { head: '{"id":"a\\' })],
    ['nothing before it', Buffer.from('8}}')],
  ])('with %s are left to others', (_what, text) => {
    expect(taught().read(text)).toBeNull();
  });

  it('are left to others when any byte but a digit is another one, at any length of what stands between', () => {
    for (let length = 0; length < 9; length += 1) {
      const text = textOf('7', '8', { more: `,"of":"${'x'.repeat(length)}"` });
      const forms = taught(text);
      expect(forms.read(text)).toEqual([8, 7]);
      const unnoticed: string[] = [];
      for (let at = text.indexOf('"usage"') - 1; at < text.length; at += 1) {
        if (/[0-9]/.test(String.fromCharCode(text[at] ?? 0))) continue;
        const other = Buffer.from(text);
        other[at] = (text[at] ?? 0) ^ 0x40;
        if (forms.read(other) !== null) unnoticed.push(other.toString('latin1'));
      }
      expect(unnoticed).toEqual([]);
    }
  });

  it('are not learned where a wanted number is written in another way', () => {
    expect(taught(textOf('7', '8.5')).read(textOf('7', '8.5'))).toBeNull();
  });

  it('are learned of the first few providers only', () => {
    const forms = new UsageForms();
    const texts = Array.from({ length: 9 }, (_, nth) => textOf('7', '8', { more: `,"of":"${'x'.repeat(nth)}"` }));
    for (const text of texts) taught(text, forms);
    expect(texts.map((text) => forms.read(text) !== null)).toEqual([...Array.from({ length: 8 }, () => true), false]);
  });
});
