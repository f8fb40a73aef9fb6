/** A peer this machine can't run; the message says why and goes into its row. */
export class NotAvailable extends Error {}
