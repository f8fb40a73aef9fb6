export { BackgroundError } from './background-error.ts';
export { backgroundCommands } from './commands.ts';
export type { BackgroundProgram } from './background-program.ts';
