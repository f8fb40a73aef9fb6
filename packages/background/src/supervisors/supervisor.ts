import type { ServiceSpec } from '../background-program.ts';
import type { Host } from '../host.ts';
import type { UnitText } from '../units/unit-file.ts';

export type SupervisorKind = 'systemd' | 'launchd' | 'windows';

/** What the system keeps running, seen now. Null: the system does not tell. */
export interface ServiceState {
  readonly supervisor: SupervisorKind;
  readonly file: string;
  readonly installed: boolean;
  readonly active: boolean;
  readonly pid: number | null;
  /** Starts after a failure since it was loaded. */
  readonly restarts: number | null;
  /** The system's own word, such as `active (running)` or `failed (start-limit-hit)`. */
  readonly detail: string;
  /** Whether it goes on after logout; null: not known. */
  readonly survives_logout: boolean | null;
}

/** One system's way of keeping a program running. Its functions throw `BackgroundError`. */
export interface Supervisor {
  readonly kind: SupervisorKind;
  /** Where the unit lies. */
  readonly file: string;
  readonly text: (spec: ServiceSpec) => UnitText;
  /** A text written by this function for this name. */
  readonly isOurs: (text: string) => boolean;
  /** Null: it can be used here. Else why not. */
  readonly unusable: () => string | null;
  /** After the file was placed: loads it, starts it, and sees that it starts again at login. Answers what is worth knowing. */
  readonly enable: () => readonly string[];
  /** Before the file is removed. */
  readonly disable: () => void;
  /** After the file was removed. */
  readonly forget: () => void;
  readonly state: () => ServiceState;
  readonly start: () => void;
  readonly stop: () => void;
  readonly restart: () => void;
}

export type SupervisorOf = (name: string, host: Host) => Supervisor;
