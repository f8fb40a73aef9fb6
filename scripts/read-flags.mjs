import { parseArgs } from 'node:util';

/**
 * The flags a script was called with. Where there is nothing left to do they are null, and the answer is its exit code: 0
 * after --help, which is printed, 2 for a command line that is wrong, which is said.
 *
 * @param {{ name: string, help: string, options: import('node:util').ParseArgsConfig['options'] }} script
 */
export function readFlags({ name, help, options }) {
  try {
    const { values: flags } = parseArgs({ options });
    if (!flags.help) return { flags, code: 0 };
    console.log(help);
    return { flags: null, code: 0 };
  } catch (error) {
    console.error(`${name}: ${error.message.split('. ')[0]}. See --help.`);
    return { flags: null, code: 2 };
  }
}
