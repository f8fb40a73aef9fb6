/** What a command leaves with. Scripts tell a full meter from an unreadable one by it. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  /** Inside the buffer below the cap. */
  near: 10,
  atLimit: 11,
  /** There is data, and it does not settle the question. */
  indeterminate: 20,
  noData: 30,
} as const;
