/**
 * The tracker for programs: sessions kept in the journals of this machine, and sent as far as the tier and the license let
 * them leave.
 *
 * @example
 * const opened = openSession({ dataDir: 'measures' });
 * if (!opened.ok) throw new Error(opened.problem.message);
 * await opened.value.startSession({ repoId: 'shop' });
 * await opened.value.logEvent({ type: 'turn', turn: { model: 'glm-4.6', tokens_in: 1200, tokens_out: 340 } });
 * await opened.value.endSession();
 */
export { openSession } from './open-session.ts';
export type { OpenSessionOptions } from './open-session.ts';
export type { Logged, SessionClient, SessionEvent } from './session-client.ts';
export type { SessionStart, SessionTurn } from './events/session-rows.ts';
export type { AskLicense, Entitlement } from './uplink/gate.ts';
export type { Sent } from './uplink/send.ts';
export type { Outcome, Problem, ProblemCode } from './problem.ts';
