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

/** How much of it a worker keeps. */
export type Split =
  /** The first element that it gives back; those before it stay. */
  | { readonly at: number }
  /** What share of what remains of the element in hand it keeps; all elements after it go. */
  | { readonly within: number };

/**
 * How a worker divides its work; undefined if it can give back nothing.
 *
 * @param begun Elements that have been begun: these stay, but for the one in hand.
 * @param end The element before which an earlier split has cut, infinite if there was none.
 * @param inHand Share (0 to 1) that remains of the last one that was begun, if it can be divided. Default: none can.
 */
export function splitOf(desired: DesiredSplit, begun: number, end: number, inHand = 0): Split | undefined {
  const total = Math.max(begun, Math.min(end, Number(desired.estimatedInputElements)));
  const kept = Math.min(1, Math.max(0, desired.fractionOfRemainder)) * (inHand + total - begun);
  const isAllowed = (point: number): boolean =>
    desired.allowedSplitPoints.length === 0 || desired.allowedSplitPoints.includes(BigInt(point));
  if (inHand > 0 && kept < inHand && isAllowed(begun)) return { within: kept / inHand };
  const at = splitPoint(desired, begun, total, begun + Math.round(Math.max(0, kept - inHand)));
  return at === undefined ? undefined : { at };
}

/** The allowed point that is nearest to the wanted one, from `begun` to before `total`. */
function splitPoint(
  { allowedSplitPoints }: DesiredSplit,
  begun: number,
  total: number,
  wanted: number,
): number | undefined {
  if (allowedSplitPoints.length === 0) return wanted < total ? wanted : undefined;
  const distance = (point: number): number => Math.abs(point - wanted);
  return allowedSplitPoints
    .map(Number)
    .filter((point) => point >= begun && point < total)
    .reduce<number | undefined>(
      (best, point) => (best === undefined || distance(point) < distance(best) ? point : best),
      undefined,
    );
}
