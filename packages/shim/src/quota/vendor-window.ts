/** Vendors show their window meters in whole percents: less is no movement. */
export const QUANTUM = 0.01;
/** Resets of one window are told with jitter; those of two windows are hours apart. */
const SAME_WINDOW_S = 300;

/** Whether two reset times mean the same window. Windows whose end is never told can't be told apart. */
export function sameWindow(a: number | null, b: number | null): boolean {
  return a === null || b === null ? a === b : Math.abs(a - b) <= SAME_WINDOW_S;
}

/** a − b of two meter values. Binary noise would make 0.12 − 0.11 less than a percent. */
export function movement(a: number, b: number): number {
  return Math.round((a - b) * 1e9) / 1e9;
}

/** Whether a meter such as `unified-5h` shows the window that our rolling quota stands for. */
export function isRolling(meter: string): boolean {
  return /(?:^|-)5h$/.test(meter);
}
