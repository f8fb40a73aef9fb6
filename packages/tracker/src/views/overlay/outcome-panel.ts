import type { Anomaly } from '@ccp/contracts';
import { nameShown, printable } from '../../printable.ts';
import type { Board, OutcomeFacts } from '../../rollups/board/board.ts';
import { cellsOf, clipEnd } from '../text/cells.ts';
import type { Line } from '../text/line.ts';
import { wrapWords } from '../text/line.ts';
import { ABSENT } from '../text/numbers.ts';
import { hintBlock, titleOf } from './panel.ts';
import type { Block, Drawing, Panel } from './panel.ts';

/** What came of it: quality, changed lines, and what did not add up. */
export function outcomePanel(board: Board, { width, detail }: Drawing): Panel {
  const { outcome, advice } = board;
  const anomalies = outcome.anomalies.flatMap((one) => anomalyLines(one, width, detail));
  const hint = hintBlock(
    advice.hints.find(({ part }) => part === 'outcome'),
    width,
  );
  const blocks: Block[] = [
    { lines: factLines(outcome, width), least: 1 },
    ...(anomalies.length === 0 ? [] : [{ lines: anomalies, least: 0 }]),
    ...hint,
  ];
  return { name: 'outcome', title: titleOf('outcome', undefined), blocks };
}

/** Facts side by side, as many as fit on a line. */
function factLines(outcome: OutcomeFacts, width: number): Line[] {
  const lines: Line[] = [];
  let used = width;
  for (const { label, value } of factsOf(outcome)) {
    const cells = cellsOf(label) + cellsOf(value) + 4;
    const isNew = used + cells > width;
    const spans: Line = [{ text: `${isNew ? '  ' : '   '}${label} `, tone: 'dim' }, { text: value }];
    if (isNew) {
      lines.push(spans);
      used = cells;
    } else {
      lines.push([...(lines.pop() ?? []), ...spans]);
      used += cells;
    }
  }
  return lines;
}

function factsOf(outcome: OutcomeFacts): readonly { readonly label: string; readonly value: string }[] {
  const { quality, quality_source: of, churn, anomalies_total: count, cls, impf } = outcome;
  return [
    {
      label: 'quality',
      value: quality === null ? ABSENT : `${quality.toFixed(2)}${of === null ? '' : ` (${nameShown(of)})`}`,
    },
    { label: 'churn', value: churn === null ? ABSENT : churnWords(churn) },
    { label: 'anomalies', value: String(count) },
    ...(cls === null ? [] : [{ label: 'complexity', value: cls.toFixed(2) }]),
    ...(impf === null ? [] : [{ label: 'min/feature', value: impf.toFixed(1) }]),
  ];
}

function churnWords(churn: NonNullable<OutcomeFacts['churn']>): string {
  const { normalized_churn: share, files_changed: files, insertions, deletions } = churn;
  const lines = insertions === null || deletions === null ? '' : ` +${insertions} −${deletions}`;
  const inFiles = files === null ? '' : `, ${files} files`;
  return `${share === null ? ABSENT : share.toFixed(2)}${inFiles}${lines}`;
}

function anomalyLines(anomaly: Anomaly, width: number, detail: Drawing['detail']): Line[] {
  const { captured_at: at, provider, code, notes } = anomaly;
  const name = [provider, code].filter(Boolean).join(' ');
  const words = printable(`▲ ${at.slice(0, 10)} ${name}${name === '' ? '' : ': '}${notes}`);
  if (detail === 'brief') return [[{ text: `  ${clipEnd(words, width - 2)}`, tone: 'warn' }]];
  return wrapWords(words, width, { indent: 2, tone: 'warn' });
}
