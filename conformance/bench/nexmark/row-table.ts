/** Rows as lines of a table. */
import type { RowMeasurement } from "./measure.js";
import type { Row } from "./row.js";

export function titleText(batch: boolean): string {
  const kind = batch ? "batch" : "stream";
  return line([kind, "", "loop", "girder", "by CPU", "girder/loop", "memory", "target"]);
}

export function rowText({ name, what, target }: Row, loop: RowMeasurement, girder: RowMeasurement): string {
  const perSecond = ({ elements, seconds }: RowMeasurement): string => rate(elements / seconds);
  return line([
    name,
    what,
    perSecond(loop),
    perSecond(girder),
    rate(girder.elements / girder.cpuSeconds),
    `${(girder.seconds / loop.seconds).toFixed(2)}×`,
    `${Math.round(girder.peakMemoryBytes / 2 ** 20)} MB`,
    target === undefined ? "" : rate(target),
  ]);
}

/** Elements in a second, in thousands or millions. */
export function rate(perSecond: number): string {
  return perSecond >= 1e6 ? `${(perSecond / 1e6).toFixed(2)}M/s` : `${Math.round(perSecond / 1e3)}k/s`;
}

const WIDTHS = [15, 44, 10, 10, 10, 12, 9, 9];

function line(cells: readonly string[]): string {
  return cells.map((cell, i) => (i < 2 ? cell.padEnd(WIDTHS[i]!) : cell.padStart(WIDTHS[i]!))).join("");
}
