import { problemLine } from '../../problem.ts';
import type { Problem } from '../../problem.ts';
import type { Overview } from '../../rollups/overview.ts';
import type { Frame } from './frame.ts';
import type { Line } from './line.ts';
import { BLANK, renderLine, wrapWords } from './line.ts';
import { modelsPanel } from './models.ts';
import { clock, countdown } from './numbers.ts';
import { quotasPanel } from './quotas.ts';
import { routingPanel } from './routing.ts';
import { speedsPanel } from './speeds.ts';
import { noReading, noRequests } from './teaching.ts';

/** The whole preview as lines of at most `frame.width` cells. */
export function previewLines(overview: Overview | null, problems: readonly Problem[], frame: Frame): string[] {
  const lines = overview === null ? emptyPage(problems, frame) : page(overview, problems, frame);
  return lines.map((line) => renderLine(line, frame.width, frame.colour));
}

function page(overview: Overview, problems: readonly Problem[], frame: Frame): Line[] {
  const head = [...provenance(overview, frame), ...notes(problems, frame)];
  if (overview.models.length === 0) {
    const lanes = overview.lanes.length > 0 ? panel('Routing', routingPanel(overview, frame), frame) : [];
    return [...head, BLANK, ...noRequests(frame.shimUrl, frame.width), ...lanes];
  }
  const tz = overview.speeds.find((row) => row.best_hours.length > 0)?.tz;
  const hours = tz === undefined || tz === null ? '' : `, hours in ${tz}`;
  return [
    ...head,
    ...panel('Quotas', quotasPanel(overview, frame), frame),
    ...panel('Models · tokens in the rolling window', modelsPanel(overview, frame), frame),
    ...panel(`Speeds · output tokens/s, time to first token${hours}`, speedsPanel(overview, frame), frame),
    ...panel('Routing · since the shim started', routingPanel(overview, frame), frame),
  ];
}

function emptyPage(problems: readonly Problem[], frame: Frame): Line[] {
  // The page itself says that no shim answers; anything else must be said too.
  const others = problems.filter(({ code }) => code !== 'shim-unreachable');
  return [...noReading(frame.shimUrl, frame.width), ...notes(others, frame)];
}

/** Where the numbers come from and how old they are, in words: a stale number must never look live. */
function provenance(overview: Overview, { width, nowTs, tz }: Frame): Line[] {
  const from = overview.source_url ?? 'an unnamed shim';
  const counters = overview.epoch === null ? '' : `, counters ${overview.epoch}`;
  const at = clock(Date.parse(overview.captured_at) / 1000, nowTs, tz);
  if (overview.state === 'live')
    return wrapWords(`● LIVE at ${at} ${tz} from ${from}${counters}`, width, { tone: 'ok' });
  const age = countdown(overview.age_s);
  return wrapWords(`▲ STALE: read ${age} ago (${at} ${tz}) from ${from}${counters}`, width, { tone: 'warn' });
}

function notes(problems: readonly Problem[], { width }: Frame): Line[] {
  return problems.flatMap((problem) => wrapWords(problemLine(problem), width, { tone: 'dim' }));
}

function panel(title: string, body: readonly Line[], { width }: Frame): Line[] {
  return [BLANK, ...wrapWords(title, width, { tone: 'bold' }), ...body];
}
