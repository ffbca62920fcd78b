import type { Verdict } from './figures.ts';
import type { Metric, Results } from './results.ts';
import { estimate } from './statistics.ts';

/** All that was seen, as text: medians with their intervals, ratios to the bare channel, and what was to be reached. */
export function report(results: Results, verdicts: readonly Verdict[]): string {
  return [...groups(results).map((rows) => table(results, rows)), failures(results), figures(verdicts)]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** Metrics with the same contenders share a table. */
function groups(results: Results): Metric[][] {
  const byColumns = new Map<string, Metric[]>();
  for (const metric of results.metrics) {
    const key = results.contenders(metric.name).some((name) => name.includes('BroadcastChannel')) ? 'tabs' : 'peers';
    byColumns.set(key, [...(byColumns.get(key) ?? []), metric]);
  }
  return [...byColumns.values()];
}

function table(results: Results, metrics: readonly Metric[]): string {
  const columns = [...new Set(metrics.flatMap(({ name }) => results.contenders(name)))];
  const head = ['', 'unit', ...columns, ...(columns.includes('bare') ? ['peerpool ÷ bare'] : [])];
  const rows = metrics.map((metric) => {
    const cells = columns.map((contender) => cell(results, metric, contender));
    const ratios = columns.includes('bare') ? [ratioCell(results.ratios(metric.name, 'peerpool', 'bare'))] : [];
    return [metric.name, metric.unit, ...cells, ...ratios];
  });
  return lines(head, rows);
}

function cell(results: Results, { name, where }: Metric, contender: string): string {
  const values = results.values(name, contender);
  if (values.length === 0) {
    const failed = results.failures.some((failure) => failure.contender === contender && failure.where === where);
    return failed ? 'fails' : '–';
  }
  const { median, low, high } = estimate(values);
  return values.length === 1 ? short(median) : `${short(median)} (${short(low)}–${short(high)})`;
}

function ratioCell(ratios: readonly number[]): string {
  if (ratios.length === 0) return '–';
  const { median, low, high } = estimate(ratios);
  return ratios.length === 1 ? median.toFixed(2) : `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
}

function failures({ failures: all }: Results): string {
  const said = new Map<string, number>();
  for (const { contender, where, reason } of all) {
    const line = `${contender} fails at ${where}: ${reason}`;
    said.set(line, (said.get(line) ?? 0) + 1);
  }
  return [...said].map(([line, times]) => `${line} (${times} ×)`).join('\n');
}

function figures(verdicts: readonly Verdict[]): string {
  if (verdicts.length === 0) return '';
  const rows = verdicts.map(({ name, best, least, most, ratio, reached }) => [
    name,
    `${least === undefined ? `≤ ${most}` : `≥ ${least}`} × ${best}`,
    `${ratio.median.toFixed(2)} (${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)})`,
    String(ratio.samples),
    reached ? 'reached' : 'missed',
  ]);
  return lines(['figure', 'wanted', 'measured', 'rounds', ''], rows);
}

function lines(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function short(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}
