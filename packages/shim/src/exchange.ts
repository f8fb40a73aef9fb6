import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ConfigSnapshot, Lane } from './config/catalog.ts';
import type { Failure } from './failure.ts';
import type { Decided } from './quota/admit.ts';
import type { Reservation } from './quota/reservation.ts';
import type { LaneChoice } from './route/choose-lanes.ts';
import type { Tally } from './store/counters.ts';
import type { WrittenPlace } from './store/line-buffer.ts';
import type { CalibrationFields } from './store/sample-of.ts';
import type { UpstreamAnswer } from './upstream/answer.ts';
import type { Rejection } from './upstream/rejection.ts';

/** What the client asks for. Only `messages` spends tokens. */
export type Op = 'messages' | 'count_tokens' | 'models';

/** Token counts of one request, types apart. `input` excludes what the prompt cache read or wrote. */
export interface Tokens {
  readonly input: number;
  readonly output: number;
  readonly cacheWrite: number;
  readonly cacheRead: number;
}

export const NO_TOKENS: Tokens = Object.freeze({ input: 0, output: 0, cacheWrite: 0, cacheRead: 0 });

/** The few facts of a request that routing and metering need; the rest of the body is nobody's business. */
export interface RequestFacts {
  /** Empty when the body names none. */
  readonly model: string;
  /** Where the quoted model lies in `plainBody`, for a lane that knows it by another name. */
  readonly modelSpan: { readonly start: number; readonly end: number } | null;
  readonly stream: boolean;
  readonly maxTokens: number | null;
  readonly sessionId: string | null;
  readonly agentId: string | null;
}

/** The client's end of an exchange, and the bytes it sent. Not for the books: they outlive it. */
export interface Wire {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /** The bytes as received. */
  readonly body: Buffer;
  /** The body without its content-encoding; the same buffer when it has none. */
  readonly plainBody: Buffer;
}

/** 1: read. `atMs` is monotonic (steadyMs). */
export interface Accepted {
  readonly rid: string;
  readonly op: Op;
  readonly method: string;
  /** Path and query as the upstream sees them after its own base path. */
  readonly target: string;
  /** Of the body without its content-encoding. */
  readonly bodyBytes: number;
  readonly facts: RequestFacts;
  readonly atMs: number;
}

/** 2: the lanes it may take. */
export interface Routed {
  readonly accepted: Accepted;
  readonly config: ConfigSnapshot;
  readonly choice: LaneChoice;
}

/** 3: the right to make one attempt. Without one there is no attempt. */
export interface Permit {
  readonly routed: Routed;
  readonly lane: Lane;
  /** The name the lane knows the model by. */
  readonly model: string;
  /** 1 for the first lane tried; 0 in a refusal, which is no attempt. */
  readonly attempt: number;
  readonly reservation: Reservation;
  /** Gives the lane's slot back; harmless when repeated. */
  readonly releaseSlot: () => void;
  readonly decision: string;
  readonly decisionReason: string;
  /** What the quota said about this lane or the one before it, in the strings of the wire contract. */
  readonly rerouteDecision: string;
  /** How quota and cooldown stood, and what followed. */
  readonly decided: Decided;
  /** Set on the one request that goes first after a rest: gives that place back when the attempt told nothing. */
  readonly releaseProbe: (() => void) | null;
  /** What became of the lanes before this one. */
  readonly trail: Trail;
  /** Epoch seconds at which the attempt was let in. */
  readonly admittedTs: number;
  /** True on the lane that routing put first. */
  readonly preferred: boolean;
  /** Lane of the attempt before this one, when there was one. */
  readonly fallbackFrom: string | null;
  /** Milliseconds spent on attempts that came to nothing. */
  readonly wastedMs: number;
  readonly notes: AttemptNotes;
}

/** What the books have written about an attempt so far; only the recorder touches it. */
export interface AttemptNotes {
  left: boolean;
  /** What both its log lines share; null until the first. */
  shared: SharedFields | null;
}

/** What both log lines of an attempt have in common. */
export interface SharedFields {
  readonly standing: Standing;
  /** Where a line of this moment has it already, so that it need not be put together again. */
  written: WrittenPlace | null;
}

/** What the books write of a request and is the same for thousands of them. */
export interface Standing {
  /** Id of the configuration it was decided under. */
  readonly config: string;
  /** UTF-8 of the fields of a log line, each followed by a comma. */
  readonly line: Uint8Array;
  readonly calibration: CalibrationFields;
  readonly headerMode: string;
  /** Where it is counted. */
  readonly tally: Tally;
  /** What its decision has in common with others; null until it is needed. */
  form: DecisionForm | null;
}

/** Kept once, beside the configurations. */
export interface DecisionForm {
  readonly id: string;
  readonly json: string;
}

/** 3': no attempt. The permit it would have been stays in the books. */
export interface Refusal {
  readonly refused: Failure;
  readonly permit: Permit;
}

/** What became of the lanes before the one at hand. */
export interface Trail {
  readonly tried: readonly Attempted[];
  readonly refused: readonly Refusal[];
}

/** 4: what one attempt brought: an answer whose first bytes are here and unsent, or a failure without one. */
export interface Attempted {
  readonly permit: Permit;
  readonly answer: UpstreamAnswer | null;
  readonly failure: Failure | null;
  readonly judgement: Judgement;
}

export interface Judgement {
  /** May another lane be tried? Only before the first relayed byte. */
  readonly tryNext: boolean;
  readonly kind:
    'ok' | 'rate_limited' | 'overloaded' | 'server_error' | 'client_error' | 'unreachable' | 'timeout' | 'cancelled';
  readonly reason: string;
  /** What the provider rejected and until when; null: it did not. */
  readonly rejection: Rejection | null;
}

/** How the body ended. `failed`: no answer body was ever relayed from an upstream. */
export type EndedHow = 'complete' | 'truncated' | 'error_in_stream' | 'cancelled' | 'timeout' | 'failed';

/** 5: relayed and metered; settles exactly once, after the body. */
export interface Ended {
  readonly permit: Permit;
  /** What the client saw; 499 when it left before there was anything to see. */
  readonly status: number;
  readonly how: EndedHow;
  readonly tokens: Tokens;
  /** False: the provider reported no usage, so the tokens are not known to be zero. */
  readonly usageKnown: boolean;
  readonly latencyMs: number;
  /** First → last byte relayed; null for a non-stream. */
  readonly streamMs: number | null;
  /** Accepted → first content delta; null for a non-stream or when none came. */
  readonly ttftMs: number | null;
  readonly errType: string;
  readonly requestId: string | null;
  readonly rejection: Rejection | null;
}
