/** Elements that come at regular times. */
import { type Coder, VARINT_CODER } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import type { Duration, Instant } from "../../portability/execution/time.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import type { Root } from "../pipeline/root.js";
import { impulse } from "./impulse.js";
import { splittable } from "./splittable.js";
import { TimedPositions } from "./timed-positions.js";

/** Instants that follow each other at equal distances. */
export interface Period {
  /** The first of them, in ms since 1970. */
  readonly from: Instant;
  /** None of them is this one or later. Default: there is no end. */
  readonly to?: Instant;
  /** Distance between two of them, in ms. */
  readonly interval: Duration;
}

/** When {@link periodicImpulse} outputs. */
export interface PeriodicImpulseOptions extends Omit<Period, "from"> {
  /** The first instant, in ms since 1970. Default: when the pipeline begins. */
  readonly from?: Instant;
  /** The clock, in ms since 1970. Default: the machine's. Tests bring their own. */
  readonly now?: () => Instant;
}

/**
 * For each period of the input its instants, each output when the clock has come to it, with itself as timestamp. Those that
 * are past when the pipeline begins are output at once. The watermark is at the next instant to come.
 *
 * @throws GirderError `user-exception` when the pipeline runs, for an element that is no period.
 */
export function periodicSequence(
  options: { readonly now?: () => Instant } = {},
): PTransform<PCollection<Period>, PCollection<Instant>> {
  return named("PeriodicSequence", (periods) => instants(periods, false, options.now));
}

/**
 * The instants from `from` on, every `interval` ms: each output when the clock has come to it, with itself as timestamp.
 *
 * ```ts
 * root.apply(periodicImpulse({ interval: seconds(10) })).map((at) => probe(at));
 * ```
 *
 * @throws GirderError `invalid-argument` for instants and intervals that are none.
 */
export function periodicImpulse(options: PeriodicImpulseOptions): PTransform<Root, PCollection<Instant>> {
  const { from, to, interval, now = Date.now } = options;
  checkPeriod({ from: from ?? 0, interval, ...(to === undefined ? {} : { to }) }, "invalid-argument");
  return named("PeriodicImpulse", (root) => {
    const periods = root
      .apply(impulse())
      .map("Begin", (): Period => ({ from: from ?? now(), interval, ...(to === undefined ? {} : { to }) }));
    return instants(periods, to !== undefined, now);
  });
}

function instants(periods: PCollection<Period>, bounded: boolean, now?: () => Instant): PCollection<Instant> {
  const at = ({ from, interval }: Period, position: number): Instant => from + position * interval;
  const doFn = new TimedPositions<Period, Instant>(
    {
      bounded,
      positions: (period) => {
        checkPeriod(period, "user-exception");
        const { from, to = Number.POSITIVE_INFINITY, interval } = period;
        return { from: 0, to: Math.max(0, Math.ceil((to - from) / interval)) };
      },
      due: at,
      firstNotDue: ({ from, interval }, time) => Math.floor((time - from) / interval) + 1,
      output: (period, position, _, output) => output(at(period, position), at(period, position)),
      watermark: at,
    },
    now,
  );
  return periods.apply(splittable("Instants", doFn)).withCoder(VARINT_CODER as Coder<Instant>);
}

function checkPeriod({ from, to = from, interval }: Period, code: "invalid-argument" | "user-exception"): void {
  if (Number.isSafeInteger(from) && Number.isSafeInteger(to) && Number.isSafeInteger(interval) && interval > 0) return;
  throw new GirderError(code, `There is no period from ${from} to ${to} every ${interval} ms.`, {
    remedy: "Give instants as whole numbers of milliseconds since 1970, and an interval of 1 ms or more.",
  });
}
