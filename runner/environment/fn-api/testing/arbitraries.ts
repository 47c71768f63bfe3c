/** For specs: values of all coders that the runner knows, and what surrounds them on the wire. */
import fc from "fast-check";
import {
  BOOL_CODER,
  BYTES_CODER,
  type Coder,
  CoderTable,
  CustomWindowCoder,
  DOUBLE_CODER,
  GLOBAL_WINDOW_CODER,
  INTERVAL_WINDOW_CODER,
  IterableCoder,
  KVCoder,
  LengthPrefixCoder,
  NullableCoder,
  ShardedKeyCoder,
  STRING_CODER,
  TimerCoder,
  VARINT_CODER,
} from "../../../../portability/coders/index.js";
import type { PaneInfo } from "../../../../portability/execution/pane.js";
import {
  GLOBAL_WINDOW_MAX_TIMESTAMP,
  type Instant,
  MAX_TIMESTAMP,
  MIN_TIMESTAMP,
  plus,
} from "../../../../portability/execution/time.js";
import {
  type BoundedWindow,
  GLOBAL_WINDOW,
  IntervalWindow,
  OpaqueWindow,
} from "../../../../portability/execution/window.js";
import type { WindowedValue } from "../../../../portability/execution/windowed-value.js";
import { WireCoders } from "../wire-coders.js";

/** A coder, and values that it writes. */
export interface CoderCase {
  readonly coder: Coder<unknown>;
  readonly values: fc.Arbitrary<unknown>;
}

function a<T>(coder: Coder<T>, values: fc.Arbitrary<T>): CoderCase {
  return { coder: coder as Coder<unknown>, values };
}

export const instants: fc.Arbitrary<Instant> = fc.oneof(
  fc.constantFrom(0, -1, MIN_TIMESTAMP, MAX_TIMESTAMP, GLOBAL_WINDOW_MAX_TIMESTAMP, 2 ** 52, -(2 ** 52)),
  fc.integer({ min: 0, max: 1000 }),
  fc.integer({ min: -(2 ** 52), max: 2 ** 52 }),
  fc.integer({ min: MAX_TIMESTAMP - 10 ** 9, max: MAX_TIMESTAMP }),
  fc.integer({ min: MIN_TIMESTAMP, max: MIN_TIMESTAMP + 10 ** 9 }),
);

/** Panes of every form: of one byte, with one index and with two. */
export const panes: fc.Arbitrary<PaneInfo> = fc.record({
  timing: fc.constantFrom("EARLY", "ON_TIME", "LATE", "UNKNOWN"),
  isFirst: fc.boolean(),
  isLast: fc.boolean(),
  index: fc.oneof(fc.constant(0), fc.nat()),
  nonSpeculativeIndex: fc.oneof(fc.constantFrom(-1, 0), fc.nat()),
});

const intervals = fc
  .tuple(instants, fc.oneof(fc.nat(), fc.constantFrom(0, 1, 10)), instants, fc.boolean())
  .map(([from, span, far, near]) => {
    const to = near ? plus(from, span) : far;
    return new IntervalWindow(Math.min(from, to), Math.max(from, to));
  })
  // Such a window's last instant is none of the model.
  .filter(({ end }) => end > MIN_TIMESTAMP);

/** Window coders with windows of theirs. */
export const windowCases: fc.Arbitrary<{ coder: Coder<BoundedWindow>; windows: fc.Arbitrary<BoundedWindow> }> =
  fc.constantFrom(
    { coder: GLOBAL_WINDOW_CODER as Coder<BoundedWindow>, windows: fc.constant(GLOBAL_WINDOW as BoundedWindow) },
    { coder: INTERVAL_WINDOW_CODER as Coder<BoundedWindow>, windows: intervals as fc.Arbitrary<BoundedWindow> },
    {
      coder: new CustomWindowCoder(new LengthPrefixCoder(BYTES_CODER)) as Coder<BoundedWindow>,
      windows: fc
        .tuple(fc.uint8Array({ maxLength: 5 }), instants)
        .map(([bytes, end]) => new OpaqueWindow(bytes, end) as BoundedWindow),
    },
  );

const leaves: fc.Arbitrary<CoderCase> = fc.constantFrom(
  a(BYTES_CODER, fc.uint8Array({ maxLength: 200 })),
  a(STRING_CODER, fc.string({ unit: "binary", maxLength: 150 })),
  a(BOOL_CODER, fc.boolean()),
  a(VARINT_CODER, fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.bigInt(2n ** 53n, 2n ** 63n - 1n))),
  a(DOUBLE_CODER, fc.double()),
  a(GLOBAL_WINDOW_CODER, fc.constant(GLOBAL_WINDOW)),
  a(INTERVAL_WINDOW_CODER, intervals),
  a(
    new CustomWindowCoder(INTERVAL_WINDOW_CODER),
    intervals.map((window) => window as BoundedWindow),
  ),
  a(new LengthPrefixCoder(DOUBLE_CODER), fc.double()),
);

/** Every coder that the runner knows, in one another to some depth. */
export function coderCases(depth = 2): fc.Arbitrary<CoderCase> {
  if (depth === 0) return leaves;
  const part = coderCases(depth - 1);
  return fc.oneof(
    leaves,
    fc
      .tuple(part, part)
      .map(([key, value]) =>
        a(new KVCoder(key.coder, value.coder), fc.record({ key: key.values, value: value.values })),
      ),
    part.map(({ coder, values }) => a(new IterableCoder(coder), fc.array(values, { maxLength: 4 }))),
    part.map(({ coder, values }) => a(new NullableCoder(coder), fc.option(values))),
    part.map(({ coder, values }) => a(new LengthPrefixCoder(coder), values)),
    part.map(({ coder, values }) =>
      a(new ShardedKeyCoder(coder), fc.record({ key: values, shardId: fc.uint8Array({ maxLength: 3 }) })),
    ),
    part.map(({ coder, values }) => timersOf(coder, values)),
  );
}

function timersOf(key: Coder<unknown>, keys: fc.Arbitrary<unknown>): CoderCase {
  const address = {
    userKey: keys,
    dynamicTimerTag: fc.string({ maxLength: 4 }),
    windows: fc.array(fc.constant(GLOBAL_WINDOW), { maxLength: 3 }),
  };
  return a(
    new TimerCoder(key, GLOBAL_WINDOW_CODER as Coder<BoundedWindow>),
    fc.oneof(
      fc.record({ ...address, clearBit: fc.constant<true>(true) }),
      fc.record({
        ...address,
        clearBit: fc.constant<false>(false),
        fireTimestamp: instants,
        holdTimestamp: instants,
        pane: panes,
      }),
    ),
  );
}

/** Elements with their headers. */
export function windowedValues(
  values: fc.Arbitrary<unknown>,
  windows: fc.Arbitrary<BoundedWindow>,
): fc.Arbitrary<WindowedValue<unknown>> {
  return fc.record({
    value: values,
    timestamp: instants,
    windows: fc.oneof({ weight: 3, arbitrary: fc.tuple(windows) }, fc.array(windows, { maxLength: 4 })),
    pane: panes,
  });
}

/** The coders on the wire, and the ids there of those given. */
export function wireOf(...coders: readonly Coder<unknown>[]): { wire: WireCoders; ids: string[] } {
  const table = new CoderTable();
  const ids = coders.map((coder) => table.add(coder));
  const wire = new WireCoders(table.coders);
  return { wire, ids: ids.map((id) => wire.onWire(id)) };
}

/** All bytes that differ from `bytes` in length or in one place. */
export function damaged(bytes: Uint8Array): fc.Arbitrary<Buffer> {
  const whole = Buffer.from(bytes);
  const at = fc.nat({ max: Math.max(0, whole.length - 1) });
  return fc.oneof(
    at.map((end) => whole.subarray(0, end)),
    fc.tuple(at, fc.nat({ max: 255 })).map(([i, byte]) => {
      const changed = Buffer.from(whole);
      if (changed.length > 0) changed[i] = byte;
      return changed;
    }),
    // Four bytes are a count, and many of them are more than there can be.
    fc.tuple(at, fc.constantFrom(0x7fffffff, -1, -2, 0x10000, 65)).map(([i, count]) => {
      const changed = Buffer.concat([whole, Buffer.alloc(4)]);
      changed.writeInt32BE(count, i);
      return changed;
    }),
    fc.tuple(at, fc.nat({ max: 300 })).map(([i, length]) => {
      const runaway = Buffer.alloc(length, 0x80);
      return Buffer.concat([whole.subarray(0, i), runaway, whole.subarray(i)]);
    }),
  );
}
