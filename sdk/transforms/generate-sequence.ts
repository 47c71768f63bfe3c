import { type Coder, VARINT_CODER } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import type { Duration, Instant } from "../../portability/execution/time.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import type { Root } from "../pipeline/root.js";
import type { SplittableDoFn } from "../splittable/splittable-do-fn.js";
import { whole } from "../splittable/whole.js";
import { impulse } from "./impulse.js";
import { splittable } from "./splittable.js";
import { TimedPositions } from "./timed-positions.js";

/** Which numbers {@link generateSequence} gives, and when. */
export interface SequenceOptions {
  /** The first number. Default 0. */
  readonly from?: number;
  /** None of the numbers is this one or greater. Default: there is no end, and the output is unbounded. */
  readonly to?: number;
  /** How many numbers there are in a second, at most. Default: as many as can be. */
  readonly rate?: number;
  /**
   * The timestamp (ms) of each number. It must not decrease from one to the next; what does is late. Default: when the number
   * is due, where there is a rate; when it is output, where there is no end; otherwise the beginning of time.
   */
  readonly timestamp?: (n: number) => Instant;
  /** How long (ms) after its beginning the sequence ends, however far it has come. Default: it does not. */
  readonly maxReadTime?: Duration;
  /** The clock, in ms since 1970. Default: the machine's. Tests bring their own. */
  readonly now?: () => Instant;
}

/** The end of a sequence that its time ends. */
const MOST = Number.MAX_SAFE_INTEGER;

/** When a sequence began, in ms since 1970. */
interface Beginning {
  readonly start: Instant;
}

/**
 * The whole numbers from `from` (inclusive) to `to` (exclusive), or without an end, in bundles that end when their time is
 * over.
 *
 * ```ts
 * root.apply(generateSequence({ rate: 1000 })); // 1,000 numbers a second, until the pipeline is cancelled
 * ```
 *
 * @throws GirderError `invalid-argument` for bounds that are no safe integers, and for rates and times that are none.
 */
export function generateSequence(options: SequenceOptions): PTransform<Root, PCollection<number>> {
  const { from = 0, to } = options;
  check(options);
  if (to === undefined || options.rate !== undefined || options.timestamp || options.maxReadTime !== undefined) {
    return timedSequence(options);
  }
  const numbers: SplittableDoFn<Uint8Array, number> = {
    initialRestriction: () => ({ from, to: Math.max(from, to) }),
    process(_, tracker, output) {
      let i = whole(tracker.currentRestriction().from);
      // As many at a time as the bundle looks away from the clock: a claim of each costs as much as the numbers.
      for (;;) {
        const end = Math.min(i + (tracker.claimable ?? 1), tracker.currentRestriction().to);
        if (!tracker.tryClaim(Math.max(i, end - 1), end - i)) return;
        while (i < end) output(i++);
      }
    },
  };
  return named("GenerateSequence", (root) =>
    root
      .apply(impulse())
      .apply(splittable("Numbers", numbers))
      .withCoder(VARINT_CODER as Coder<number>),
  );
}

function timedSequence(options: SequenceOptions): PTransform<Root, PCollection<number>> {
  const { from = 0, to, rate, timestamp, maxReadTime, now = Date.now } = options;
  const due = ({ start }: Beginning, n: number): Instant => start + Math.floor(((n - from) * 1000) / rate!);
  const stamp =
    timestamp === undefined
      ? rate !== undefined
        ? due
        : to === undefined
          ? (_: Beginning, __: number, time: Instant): Instant => time
          : undefined
      : (_: Beginning, n: number): Instant => timestamp(n);
  const numbers = new TimedPositions<Beginning, number>(
    {
      bounded: to !== undefined || maxReadTime !== undefined,
      positions: () => ({ from, to: Math.max(from, to ?? (maxReadTime === undefined ? Infinity : MOST)) }),
      output: (beginning, n, time, output) => output(n, stamp?.(beginning, n, time)),
      ...(stamp === undefined ? {} : { watermark: stamp }),
      ...(maxReadTime === undefined ? {} : { end: ({ start }) => start + maxReadTime }),
      ...(rate === undefined
        ? {}
        : { due, firstNotDue: ({ start }, time) => from + Math.ceil(((time - start + 1) * rate) / 1000) }),
    },
    now,
  );
  return named("GenerateSequence", (root) =>
    root
      .apply(impulse())
      .map("Begin", (): Beginning => ({ start: now() }))
      .apply(splittable("Numbers", numbers))
      .withCoder(VARINT_CODER as Coder<number>),
  );
}

function check({ from = 0, to = from, rate = 1, maxReadTime = 0 }: SequenceOptions): void {
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to)) {
    throw new GirderError("invalid-argument", `A sequence cannot run from ${from} to ${to}.`, {
      remedy: "Give whole numbers up to 2^53 − 1.",
    });
  }
  if (!(rate > 0) || !(maxReadTime >= 0)) {
    throw new GirderError("invalid-argument", `A sequence cannot have the rate ${rate} and last ${maxReadTime} ms.`, {
      remedy: "Give a rate above 0 and a time of 0 ms or more.",
    });
  }
}
