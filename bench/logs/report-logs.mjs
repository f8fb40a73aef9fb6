import { table } from '../report/table.mjs';

/** The tables, sums and targets of one run as text. */
export function reportLogs(raw) {
  const { machine } = raw;
  return [
    `${machine.cpu}, Node ${machine.node}, commit ${machine.commit}, load before ${machine.load_before.toFixed(1)}`,
    `${raw.rounds} rounds, each reader once per round in another order; ratios are taken inside a round, their median is shown`,
    '',
    ...raw.sets.flatMap(setLines),
    ...warmLines(raw.warm),
    'Targets',
    ...table(['', 'target', 'measured', ''], targets(raw)),
    '',
  ].join('\n');
}

function setLines({ name, made, cells, unavailable, labels, sums }) {
  const rows = Object.keys(labels).map((reader) => {
    if (unavailable[reader] !== undefined) return [labels[reader], '–', '–', '–', '–', unavailable[reader]];
    const own = cells.filter((cell) => cell.reader === reader);
    const s = (key) => (median(own.map((cell) => cell[key])) / 1000).toFixed(2);
    return [
      labels[reader],
      `${s('wall_ms')} s`,
      `${s('cpu_ms')} s`,
      `${Math.round(Math.max(...own.map((cell) => cell.rss_mb)))} MB`,
      `${ratio(cells, reader, 'tracker').toFixed(2)} ×`,
      sums[reader] ?? '',
    ];
  });
  const what = `${name}: ${Math.round(made.bytes / 2 ** 20)} MiB, ${made.files} files, ${made.lines} lines`;
  return [what, ...table(['', 'wall', 'CPU', 'RSS', 'time × tracker', 'token sums'], rows), ''];
}

function warmLines(warm) {
  if (warm === null) return [];
  const line = (what, list) =>
    `  ${what}: median ${median(list).toFixed(1)} ms (${Math.min(...list).toFixed(1)} to ${Math.max(...list).toFixed(1)})`;
  return ['Once all is read', line('tick with nothing new', warm.idle_ms), line('tick after 1 MiB', warm.grown_ms), ''];
}

function targets({ sets, warm }) {
  const [transcripts, usage] = ['transcripts', 'usage logs'].map((name) => sets.find((set) => set.name === name));
  const times = (set, reader) => (set === undefined ? NaN : ratio(set.cells, reader, 'tracker'));
  const rss = transcripts?.cells.filter(({ reader }) => reader === 'tracker').map((cell) => cell.rss_mb) ?? [];
  return [
    least('transcripts: speed × ccusage 18 (JavaScript)', 5, times(transcripts, 'ccusage-js')),
    least('transcripts: speed × ccusage native', 0.5, times(transcripts, 'ccusage')),
    most('transcripts: RSS', 400, Math.max(...rss), 'MB'),
    most('tick with nothing new', 30, median(warm?.idle_ms ?? []), 'ms'),
    most('tick after 1 MiB', 100, median(warm?.grown_ms ?? []), 'ms'),
    least('usage logs: rate × wc -l', 0.25, times(usage, 'wc')),
    least('usage logs: rate × jq', 3, times(usage, 'jq')),
  ];
}

function least(what, limit, got) {
  return [what, `≥ ${limit} ×`, ...verdict(got, '×', got >= limit)];
}

function most(what, limit, got, unit) {
  return [what, `≤ ${limit} ${unit}`, ...verdict(got, unit, got <= limit)];
}

function verdict(got, unit, isMet) {
  if (!Number.isFinite(got)) return ['–', 'not measured'];
  return [`${got.toFixed(got < 10 ? 2 : 0)} ${unit}`, isMet ? 'met' : 'MISSED'];
}

/** Wall time of a reader over that of another one in the same round; the median of the rounds. */
function ratio(cells, reader, other) {
  const own = cells.filter((cell) => cell.reader === reader);
  return median(
    own.flatMap(({ round, wall_ms: wall }) => {
      const beside = cells.find((cell) => cell.reader === other && cell.round === round);
      return beside === undefined ? [] : [wall / beside.wall_ms];
    }),
  );
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length === 0) return NaN;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}
