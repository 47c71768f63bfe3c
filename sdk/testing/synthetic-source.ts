/** A source for tests of runners: as fast, as uneven and as late as one likes. */
import type { KV } from "../../portability/coders/index.js";
import { BYTES_CODER, type Coder, KVCoder, STRING_CODER } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import type { Duration, Instant } from "../../portability/execution/time.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import type { Root } from "../pipeline/root.js";
import { impulse } from "../transforms/impulse.js";
import { splittable } from "../transforms/splittable.js";
import { TimedPositions } from "../transforms/timed-positions.js";

/** What a {@link syntheticSource} outputs, and when. */
export interface SyntheticSourceOptions {
  /** How many elements there are. Default: there is no end, and the output is unbounded. */
  readonly elements?: number;
  /** How many of them there are in a second, at most. Default: as many as can be. */
  readonly rate?: number;
  /** How many keys there are: `key-0`, `key-1`, … Default 100. */
  readonly keys?: number;
  /**
   * How often each key occurs. `uniform`: all alike; `{ hot }`: the first key has this share (0 to 1) of the elements, the
   * others have the rest; `{ zipf }`: the k-th key as often as `k ** -zipf`. Default `uniform`.
   */
  readonly distribution?: "uniform" | { readonly hot: number } | { readonly zipf: number };
  /** Bytes in each value. Default 8. */
  readonly size?: number;
  /**
   * By how much (ms) the timestamp of an element is earlier than the time when it is due, at most: each is by another random
   * part of that. The watermark is so much behind. Default 0.
   */
  readonly delay?: Duration;
  /** After every `every` elements nothing is output for `for` ms. Default: it does not pause. */
  readonly pause?: { readonly every: number; readonly for: Duration };
  /** Number of the element at whose time the watermark stays for good. Default: it moves on. */
  readonly stallWatermarkAfter?: number;
  /** Seed of keys and delays, which are the same for the same seed. Default 0. */
  readonly seed?: number;
  /** The clock, in ms since 1970. Default: the machine's. Tests bring their own. */
  readonly now?: () => Instant;
}

/** The beginning of the source, in ms since 1970. */
interface Beginning {
  readonly start: Instant;
}

/**
 * Elements with keys and timestamps, which can be told to come fast, unevenly, late, or not for a while.
 *
 * ```ts
 * root.apply(syntheticSource({ rate: 10_000, keys: 50, distribution: { hot: 0.9 }, delay: seconds(2) }));
 * ```
 *
 * @throws GirderError `invalid-argument` for numbers that make no sense.
 */
export function syntheticSource(
  options: SyntheticSourceOptions = {},
): PTransform<Root, PCollection<KV<string, Uint8Array>>> {
  check(options);
  const { elements, rate, keys = 100, size = 8, delay = 0, pause, stallWatermarkAfter = Infinity, seed = 0 } = options;
  const { now = Date.now } = options;
  const draw = keyDrawer(keys, options.distribution ?? "uniform");
  const names = Array.from({ length: keys }, (_, i) => `key-${i}`);
  const pausedBefore = (position: number): Duration =>
    pause === undefined ? 0 : Math.floor(position / pause.every) * pause.for;
  const timed = rate !== undefined || pause !== undefined;
  const due = ({ start }: Beginning, position: number): Instant =>
    start + Math.floor(rate === undefined ? 0 : (position * 1000) / rate) + pausedBefore(position);
  const source = new TimedPositions<Beginning, KV<string, Uint8Array>>(
    {
      bounded: elements !== undefined,
      positions: () => ({ from: 0, to: elements ?? Number.POSITIVE_INFINITY }),
      output: (beginning, position, time, output) => {
        const at = timed ? due(beginning, position) : time;
        const lag = delay === 0 ? 0 : Math.floor(random(seed + 1, position) * (delay + 1));
        const value = new Uint8Array(size).fill(position & 255);
        output({ key: names[draw(random(seed, position))]!, value }, at - lag);
      },
      watermark: (beginning, position, time) =>
        (timed ? due(beginning, Math.min(position, stallWatermarkAfter)) : stalled(position, time, beginning)) - delay,
      ...(timed ? { due, firstNotDue } : {}),
    },
    now,
  );
  function stalled(position: number, time: Instant, { start }: Beginning): Instant {
    return position >= stallWatermarkAfter ? start : time;
  }
  /** Pauses make it uneven: it is looked for between what would be without them and the next pause. */
  function firstNotDue(beginning: Beginning, time: Instant): number {
    let [from, to] = [0, elements ?? Number.MAX_SAFE_INTEGER];
    while (from < to) {
      const middle = Math.floor((from + to) / 2);
      if (due(beginning, middle) <= time) from = middle + 1;
      else to = middle;
    }
    return from;
  }
  const coder = new KVCoder(STRING_CODER, BYTES_CODER) as Coder<KV<string, Uint8Array>>;
  return named("SyntheticSource", (root) =>
    root
      .apply(impulse())
      .map("Begin", (): Beginning => ({ start: now() }))
      .apply(splittable("Elements", source))
      .withCoder(coder),
  );
}

/** A number from 0 (inclusive) to 1, the same for the same seed and position: splits and retries change nothing. */
function random(seed: number, position: number): number {
  let x = Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(position ^ (position / 2 ** 32), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
  return ((x ^ (x >>> 15)) >>> 0) / 2 ** 32;
}

/** Makes of a number from 0 to 1 the number of a key. */
function keyDrawer(
  keys: number,
  distribution: NonNullable<SyntheticSourceOptions["distribution"]>,
): (random: number) => number {
  if (distribution === "uniform") return (x) => Math.floor(x * keys);
  if ("hot" in distribution) {
    const { hot } = distribution;
    return (x) => (x < hot || keys === 1 ? 0 : 1 + Math.floor(((x - hot) / (1 - hot)) * (keys - 1)));
  }
  const upTo: number[] = [];
  let all = 0;
  for (let k = 1; k <= keys; k++) {
    all += k ** -distribution.zipf;
    upTo.push(all);
  }
  return (x) => {
    let [from, to] = [0, keys - 1];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (upTo[middle]! > x * all) to = middle;
      else from = middle + 1;
    }
    return from;
  };
}

function check({ elements = 0, rate = 1, keys = 1, size = 0, delay = 0, pause, distribution }: SyntheticSourceOptions) {
  const { hot = 0, zipf = 0 } = (typeof distribution === "object" ? distribution : {}) as {
    hot?: number;
    zipf?: number;
  };
  const { every, for: length } = pause ?? { every: 1, for: 0 };
  const whole = [elements, keys - 1, size, delay, every - 1, length].every((n) => Number.isSafeInteger(n) && n >= 0);
  if (whole && rate > 0 && hot >= 0 && hot <= 1 && zipf >= 0) return;
  throw new GirderError("invalid-argument", "A synthetic source cannot be like that.", {
    remedy:
      "Give whole numbers for elements, keys, size, delay and pauses, a rate above 0, a hot share from 0 to 1, a zipf of 0 or more.",
  });
}
