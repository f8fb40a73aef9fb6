/** The window to start with when nothing else is known. */
export const FIRST_WINDOW = 'W0-01';

/** The id after this one: its trailing digits plus one, as wide as they were; without any, `-1` is appended. */
export function nextWindowId(id: string): string {
  const digits = /\d+$/.exec(id)?.[0];
  if (digits === undefined) return `${id}-1`;
  const next = (BigInt(digits) + 1n).toString().padStart(digits.length, '0');
  return id.slice(0, id.length - digits.length) + next;
}
