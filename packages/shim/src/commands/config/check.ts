import type { Catalog, QuotaConfig } from '../../config/catalog.ts';
import { catalogOnDisk, quotasOnDisk } from '../../config/config-store.ts';
import type { ConfigProblem } from '../../config/config-problem.ts';
import { describeProblem } from '../../config/config-problem.ts';
import type { ConfigFlags } from '../config.ts';
import { printable } from '../text/printable.ts';
import { printJson } from '../text/terminal.ts';
import { nowTs, settingsOf } from './settings-of.ts';

interface Checked {
  readonly kind: 'providers' | 'quotas';
  readonly path: string;
  readonly ok: boolean;
  /** What is in it, in words. */
  readonly content: string;
  readonly problem: ConfigProblem | null;
  readonly warnings: readonly ConfigProblem[];
}

/** Both files as a shim would read them. 1: one of them can't be used. */
export function check(flags: ConfigFlags): 0 | 1 {
  const settings = settingsOf(flags);
  const files = [
    checkedCatalog(settings.providersFile, catalogOnDisk(settings, nowTs())),
    checkedQuotas(settings.quotasFile, quotasOnDisk(settings, nowTs())),
  ];
  const isUsable = files.every((file) => file.ok);
  if (flags.json) printJson({ ok: isUsable, files });
  else process.stdout.write(`${files.flatMap(fileLines).map(printable).join('\n')}\n`);
  return isUsable ? 0 : 1;
}

function checkedCatalog(file: string, found: Catalog | ConfigProblem): Checked {
  if (!('lanes' in found)) return refused('providers', file, found);
  const isBuiltIn = found.path !== file;
  const content = `${found.lanes.size} providers, ${found.routes.length} routes`;
  return {
    kind: 'providers',
    path: file,
    ok: true,
    content: isBuiltIn ? `does not exist: the built-in catalogue is used (${content})` : content,
    problem: null,
    warnings: found.warnings,
  };
}

function checkedQuotas(file: string, found: QuotaConfig | ConfigProblem): Checked {
  if (!('limits' in found)) return refused('quotas', file, found);
  const content =
    found.path === '' ? 'does not exist: everything is counted, nothing is capped' : `${found.limits.length} limits`;
  return { kind: 'quotas', path: file, ok: true, content, problem: null, warnings: found.warnings };
}

function refused(kind: Checked['kind'], path: string, problem: ConfigProblem): Checked {
  return { kind, path, ok: false, content: 'is not usable', problem, warnings: [] };
}

/** Problems are printed whole at any width: they are copied and clicked on. */
function fileLines({ kind, path, ok, content, problem, warnings }: Checked): string[] {
  const mark = ok ? (warnings.length === 0 ? '● ok   ' : '▲ warn ') : '■ bad  ';
  const found = problem === null ? warnings : [problem, ...warnings];
  return [`${mark} ${kind.padEnd(9)} ${path}: ${content}`, ...found.map((one) => `  ${describeProblem(one)}`)];
}
