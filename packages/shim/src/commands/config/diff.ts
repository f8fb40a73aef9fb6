import { BUILT_IN } from '../../config/built-in.ts';
import { catalogOnDisk, ConfigError, quotasOnDisk } from '../../config/config-store.ts';
import { quotasAnswer } from '../../surfaces/quotas.ts';
import type { ConfigFlags } from '../config.ts';
import { addressOf } from '../link/address.ts';
import { askQuotas, askReadyz } from '../link/ask-shim.ts';
import { laneReadiness } from '../link/lane-readiness.ts';
import { printable } from '../text/printable.ts';
import { printJson } from '../text/terminal.ts';
import { laneDifferences, quotaDifferences, type Difference } from './differences.ts';
import { nowTs, settingsOf } from './settings-of.ts';

/** What would change if the files on disk replaced what a running shim uses. */
export async function diff(flags: ConfigFlags): Promise<0> {
  const settings = settingsOf(flags);
  const catalog = catalogOnDisk(settings, nowTs());
  if (!('lanes' in catalog)) throw new ConfigError(catalog);
  const quotas = quotasOnDisk(settings, nowTs());
  if (!('limits' in quotas)) throw new ConfigError(quotas);
  const address = addressOf(flags, process.env);
  const [running, readyz] = await Promise.all([askQuotas(address), askReadyz(address)]);
  const differences = [
    ...laneDifferences(laneReadiness(readyz), catalog),
    ...quotaDifferences(running.config, quotasAnswer(quotas).config),
  ];
  const notes = [
    ...otherFile('providers', readyz.config?.providers?.path ?? readyz.source, catalog.path),
    ...otherFile('quotas', running.path, quotas.path),
  ];
  if (flags.json) printJson({ shim: address.url, same: differences.length === 0, differences, notes });
  else process.stdout.write(`${[...notes, ...listed(differences, address.url)].map(printable).join('\n')}\n`);
  return 0;
}

/** Two files may say the same, but the shim would not look at the one that was compared. */
function otherFile(kind: string, running: string | undefined, compared: string): string[] {
  if (running === undefined || running === compared) return [];
  return [`▲ the shim uses ${kind} from ${shown(running)}, compared is ${shown(compared)}`];
}

function shown(path: string): string {
  if (path === '') return 'no file';
  return path === BUILT_IN ? 'the built-in catalogue' : path;
}

function listed(differences: readonly Difference[], url: string): string[] {
  return differences.length === 0 ? [`no differences to the shim at ${url}`] : differences.map(differenceText);
}

const MARKS = { added: '+', removed: '-', changed: '~' } as const;

function differenceText({ what, name, change, key, old, new: next }: Difference): string {
  const place = `${MARKS[change]} ${change} ${what} ${name}`;
  if (change === 'changed') return `${place}: ${key === null ? '' : `${key} `}${old ?? '–'} → ${next ?? '–'}`;
  return `${place}: ${(change === 'added' ? next : old) ?? '–'}`;
}
