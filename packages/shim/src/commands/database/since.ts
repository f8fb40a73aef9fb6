import { InvalidArgumentError } from 'commander';
import { parseDurationMs } from '../../config/duration.ts';

/** Epoch seconds of `1768392000`, of a date or time such as `2026-01-14T12:00Z`, or of a span up to now such as `24h`, `7d`. */
export function sinceOption(text: string): number {
  const trimmed = text.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed);
  const days = /^(\d+)d$/.exec(trimmed)?.[1];
  const spanMs = days === undefined ? parseDurationMs(trimmed) : Number(days) * 86_400_000;
  if (spanMs !== null) return (Date.now() - spanMs) / 1000;
  const ms = Date.parse(trimmed);
  if (Number.isNaN(ms))
    throw new InvalidArgumentError('Write epoch seconds, a time (2026-01-14T12:00Z) or a span (24h, 7d).');
  return ms / 1000;
}
