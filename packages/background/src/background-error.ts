/** Something the operator can mend: what was tried, and then the remedy. */
export class BackgroundError extends Error {
  override readonly name = 'BackgroundError';
  /** Without a remedy `what` holds it already. */
  constructor(what: string, remedy?: string) {
    super(remedy === undefined ? what : `${what}: ${remedy}`);
  }
}
