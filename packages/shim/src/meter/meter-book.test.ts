import type { MeterReading } from '@ccp/contracts';
import { describe, expect, it } from 'vitest';
import { MeterBook } from './meter-book.ts';

const NOW_TS = Date.UTC(2026, 0, 14, 12) / 1000;

function reading(part: Partial<MeterReading> = {}): MeterReading {
  return {
    lane: 'one',
    meter: 'unified-7d',
    value: 0.5,
    unit: 'fraction',
    resets_at: '2026-01-16T12:00:00.000Z',
    observed_at: '2026-01-14T11:00:00.000Z',
    ...part,
  };
}

describe('MeterBook', () => {
  it('keeps the newest reading of a meter, and leaves out what describes a window that is over', () => {
    const book = new MeterBook();
    book.record([
      reading(),
      reading({ value: 0.6 }),
      reading({ meter: 'unified-5h', resets_at: '2026-01-14T11:30:00Z' }),
    ]);
    expect(book.current(NOW_TS)).toEqual([reading({ value: 0.6 })]);
    expect(book.weekReset('one')).toBe(Date.UTC(2026, 0, 16, 12) / 1000);
    expect(book.weekReset('two')).toBeNull();
  });

  it('a provider that invents meters takes no other lane its page', () => {
    const book = new MeterBook();
    for (let index = 0; index < 900; index += 1) book.record([reading({ lane: 'bad', meter: `unified-x${index}` })]);
    book.record([reading({ lane: 'good' })]);
    expect(book.weekReset('good')).not.toBeNull();
    expect(book.current(NOW_TS).length).toBeLessThan(20);
  });

  it('is the same after a restart, and takes no garbage', () => {
    const book = new MeterBook();
    book.record([reading(), reading({ model: 'm', meter: 'unified-7d_oi' })]);
    const again = new MeterBook();
    again.restore(JSON.parse(JSON.stringify(book)));
    expect(again.toJSON()).toEqual(book.toJSON());
    for (const garbage of [
      null,
      'x',
      {},
      [null, 1, {}, reading({ value: '0.5' as never }), reading({ observed_at: 'soon' })],
    ]) {
      const other = new MeterBook();
      other.restore(garbage);
      expect(other.toJSON()).toEqual([]);
    }
  });
});
