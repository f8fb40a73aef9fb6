import { Option } from 'commander';
import type { Command } from 'commander';
import { bookOf, withBookOptions } from './book-options.ts';
import type { BookOptions } from './book-options.ts';
import { percent } from './option-values.ts';
import { note, refuse, say, sayJson } from './told.ts';

interface Options extends BookOptions {
  readonly window: string;
  readonly phase: 'before' | 'after';
  readonly notes: string;
  readonly json?: true;
  readonly [field: string]: unknown;
}

/** Meters a person may enter, per provider: flag, field of the reading. */
const FIELDS = {
  codex: { fivehPct: 'fiveh_pct', fivehResets: 'fiveh_resets', weeklyPct: 'weekly_pct', weeklyResets: 'weekly_resets' },
  claude: {
    sessionPct: 'session_pct',
    sessionResets: 'session_resets',
    allModelsPct: 'all_models_pct',
    allModelsResets: 'all_models_resets',
    opusPct: 'opus_pct',
  },
} as const;

type Provider = keyof typeof FIELDS;

/** `tracker override`: a reading by hand, where a pane could not be read. */
export function addOverride(program: Command, done: (code: number) => void): void {
  const command = program
    .command('override <provider>')
    .description('store meters by hand: codex or claude')
    .requiredOption('--window <id>', 'window')
    .addOption(new Option('--phase <phase>', 'which end of it').choices(['before', 'after']).makeOptionMandatory())
    .option('--notes <text>', 'why', 'manual override')
    .option('--json', 'print the row');
  for (const flags of Object.values(FIELDS)) {
    for (const flag of Object.keys(flags)) {
      const name = flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      if (name.endsWith('-pct')) command.option(`--${name} <percent>`, 'percent used, 0 to 100', percent);
      else command.option(`--${name} <text>`, 'when it resets, as the vendor prints it');
    }
  }
  withBookOptions(command).action(async (name: string, options: Options) => {
    const provider: Provider =
      name === 'codex' || name === 'claude'
        ? name
        : command.error(`error: ${name} has no meters to override; use codex or claude`);
    done(await override(provider, options, command));
  });
}

async function override(provider: Provider, options: Options, command: Command): Promise<number> {
  const given = Object.entries(FIELDS[provider]).map(([flag, field]) => [field, options[flag] ?? null] as const);
  if (!given.some(([field, value]) => field.endsWith('_pct') && value !== null)) {
    const flags = Object.keys(FIELDS[provider]).filter((flag) => flag.endsWith('Pct'));
    const names = flags.map((flag) => `--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
    command.error(`error: override of ${provider} needs at least one of ${names.join(', ')}`);
  }
  const book = bookOf(options);
  const { window, phase, notes } = options;
  const row = {
    window,
    provider,
    phase,
    captured_at: new Date().toISOString(),
    notes,
    raw_text: '',
    parsed: { ...Object.fromEntries(given), errors: ['manual-override'] },
    source: 'override',
  };
  const added = await book.append('snapshot', row);
  if (!added.ok) return refuse(added.problem);
  note(added.value.notes);
  if (options.json) sayJson(row);
  else say(`recorded manual ${provider} ${phase} snapshot for ${window}`);
  return 0;
}
