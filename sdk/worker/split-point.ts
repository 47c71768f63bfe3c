/** Where a stream of elements is cut in two while it is being processed. */

/** What a runner would like (`DesiredSplit`). */
export interface DesiredSplit {
  /** How much of what is left the worker keeps, from 0 to 1. */
  readonly fractionOfRemainder: number;
  /** Elements that the runner has for the bundle, as far as it knows. */
  readonly estimatedInputElements: bigint;
  /** Elements before which it may be cut; any if there are none. */
  readonly allowedSplitPoints: readonly bigint[];
}

/**
 * The first element that the worker gives back; undefined if it can give back none.
 *
 * @param begun Elements that have been begun: these stay.
 * @param end The element before which an earlier split has cut, infinite if there was none.
 */
export function splitPoint(desired: DesiredSplit, begun: number, end: number): number | undefined {
  const total = Math.min(end, Number(desired.estimatedInputElements));
  if (total <= begun) return undefined;
  const wanted = begun + Math.round(desired.fractionOfRemainder * (total - begun));
  const allowed = desired.allowedSplitPoints.map(Number).filter((point) => point >= begun && point < total);
  if (desired.allowedSplitPoints.length === 0) return wanted < total ? wanted : undefined;
  const distance = (point: number): number => Math.abs(point - wanted);
  return allowed.reduce<number | undefined>(
    (best, point) => (best === undefined || distance(point) < distance(best) ? point : best),
    undefined,
  );
}
