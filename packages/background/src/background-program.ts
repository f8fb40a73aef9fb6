import { join } from 'node:path';
import type { Command } from 'commander';

/** A program that can run in the background, as it describes itself. */
export interface BackgroundProgram {
  /** Of the unit, the agent, the task and the pidfile: `ccp-shim`. */
  readonly name: string;
  /** What people type: `shim`. */
  readonly command: string;
  /** One line for lists of services. */
  readonly title: string;
  /** Adds the options the program takes when it runs. */
  readonly withOptions: (command: Command) => Command;
  /** Adds the one of them that says where its state is kept. */
  readonly withPlace: (command: Command) => Command;
  /** May throw `BackgroundError`, as `plan` may. */
  readonly stateDirOf: (options: object) => string;
  /** What is run and where it keeps things. Options that the program would refuse are refused here already. */
  readonly plan: (options: object) => Plan;
  /** A line of this form in the log says that the program is ready. */
  readonly ready: RegExp;
  /** Longest time from SIGTERM to the end, in ms. */
  readonly stopWithinMs: number;
}

/** One way to run the program. */
export interface Plan {
  /** Node, the main file, and the arguments. Paths are absolute: a supervisor has another folder. */
  readonly argv: readonly string[];
  /** Variables the program was configured with. No credentials: unit files are readable. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the log of the background process and the pidfile are kept. */
  readonly stateDir: string;
}

/** What a unit file is made of. */
export interface ServiceSpec {
  readonly name: string;
  readonly title: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** stdout and stderr are appended here. */
  readonly logFile: string;
  readonly stopWithinMs: number;
}

export function specOf(program: BackgroundProgram, plan: Plan): ServiceSpec {
  return {
    name: program.name,
    title: program.title,
    argv: plan.argv,
    env: plan.env,
    logFile: logFileOf(program, plan.stateDir),
    stopWithinMs: program.stopWithinMs,
  };
}

/** stdout and stderr of the background process. */
export function logFileOf({ name }: BackgroundProgram, stateDir: string): string {
  return join(stateDir, `${name}.log`);
}

export function pidFileOf({ name }: BackgroundProgram, stateDir: string): string {
  return join(stateDir, `${name}.pid`);
}
