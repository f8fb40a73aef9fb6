import { VARIANTS } from '../variants/index.mjs';
import { summarise } from './summary.mjs';
import { columnsOf } from './columns.mjs';
import { targetLines } from './targets.mjs';
import { table } from './table.mjs';

const LABELS = new Map(VARIANTS.map(({ name, label }) => [name, label]));

/** The text a person reads: machine, one table per scenario, targets. */
export function report(raw) {
  const { machine, options, versions } = raw;
  const summary = summarise(raw);
  const peers = Object.entries(versions).map(([name, version]) => `${LABELS.get(name) ?? name} ${version}`);
  const lines = [
    `${machine.at}  commit ${machine.commit ?? 'unknown'}${machine.uncommitted_changes ? ' + changes' : ''}`,
    `${machine.cpu}, ${machine.memory_gb} GB, ${machine.platform}, Node ${machine.node}; ${peers.join(', ')}`,
    `${options.rounds} interleaved rounds${options.fresh ? ', with new processes in each' : ''}: median (smallest–largest). Server on core 0, load and upstream on core 1${machine.pinned ? '' : ' - NOT PINNED HERE'}.`,
  ];
  for (const scenario of raw.scenarios) {
    const rows = summary.get(scenario.name) ?? new Map();
    const columns = columnsOf(scenario);
    const noise = Math.max(0, ...[...rows.values()].map((row) => row.others_share?.median ?? 0));
    lines.push('', `${scenario.name}: ${scenario.title}`);
    if (noise > 0.1) lines.push(`  NOISY: other programs used up to ${Math.round(noise * 100)} % of the server's core`);
    lines.push(
      ...table(
        ['', ...columns.map(({ title }) => title), ''],
        [...rows]
          .filter(([name]) => scenario.kind !== 'start' || name !== 'direct')
          .map(([name, row]) => [
            LABELS.get(name) ?? name,
            ...columns.map((column) => column.cell(row)),
            row.note ?? '',
          ]),
      ),
    );
  }
  return `${[...lines, '', ...targetLines(summary)].join('\n')}\n`;
}
