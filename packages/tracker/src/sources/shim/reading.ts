import type { Usage } from '@ccp/contracts';
import type { Problem } from '../../problem.ts';

/** One answer of `GET /v1/usage`, as it came. */
export interface UsageReading {
  /** Address that was asked. */
  readonly sourceUrl: string;
  /** When the answer was complete (epoch seconds). */
  readonly receivedTs: number;
  readonly usage: Usage;
  /** What is worth knowing although the answer is usable. */
  readonly notes: readonly Problem[];
}
