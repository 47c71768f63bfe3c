import assert from "node:assert/strict";
import fc from "fast-check";
import {
  BYTES_CODER,
  type Coder,
  encodeToBytes,
  GLOBAL_WINDOW_CODER,
  STRING_CODER,
  TimerCoder,
  type Timer as TimerOfCoder,
} from "../../../portability/coders/index.js";
import { GirderError } from "../../../portability/errors.js";
import { NO_FIRING } from "../../../portability/execution/pane.js";
import type { BoundedWindow } from "../../../portability/execution/window.js";
import { GLOBAL_WINDOW } from "../../../portability/execution/window.js";
import { WindowTable } from "../../../portability/execution/window-table.js";
import { damaged, instants, panes, windowCases, wireOf } from "./testing/arbitraries.js";
import { TimerCodec } from "./timer-codec.js";
import { WindowCodec } from "./window-codec.js";

const isMalformed = (thrown: unknown): boolean => thrown instanceof GirderError && thrown.code === "malformed-data";

function codecOf(key: Coder<unknown>, window: Coder<BoundedWindow>): TimerCodec {
  const { wire, ids } = wireOf(key, window as Coder<unknown>);
  return new TimerCodec(3, wire.skip(ids[0]!), new WindowCodec(wire, ids[1]!, new WindowTable()));
}

const GLOBAL = GLOBAL_WINDOW_CODER as Coder<BoundedWindow>;

const cases = windowCases.chain(({ coder, windows }) => {
  const address = {
    userKey: fc.string({ maxLength: 5 }),
    dynamicTimerTag: fc.oneof(fc.constantFrom("", "\ud800", "é"), fc.string({ unit: "binary", maxLength: 5 })),
    windows: fc.array(windows, { maxLength: 3 }),
  };
  const timer = fc.oneof(
    fc.record({ ...address, clearBit: fc.constant<true>(true) }),
    fc.record({
      ...address,
      clearBit: fc.constant<false>(false),
      fireTimestamp: instants,
      holdTimestamp: instants,
      pane: panes,
    }),
  );
  return fc.record({
    window: fc.constant(coder),
    timers: fc.array(timer as fc.Arbitrary<TimerOfCoder<string>>, { maxLength: 5 }),
  });
});

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

function encoded(timers: readonly TimerOfCoder<string>[], window: Coder<BoundedWindow>): Buffer {
  const coder = new TimerCoder(STRING_CODER, window);
  return Buffer.concat(timers.map((timer) => encodeToBytes(coder, timer, true)));
}

describe("the timer codec", () => {
  it("reads what the coder of timers writes: a change for each window", () => {
    fc.assert(
      fc.property(cases, ({ window, timers }) => {
        const changes = codecOf(STRING_CODER as Coder<unknown>, window).decode(encoded(timers, window));
        const expected = timers.flatMap((timer) =>
          timer.windows.map((it) => ({ timer, window: latin1(encodeToBytes(window, it, true)) })),
        );
        assert.equal(changes.length, expected.length);
        changes.forEach(({ address, timer }, i) => {
          const { timer: sent, window: key } = expected[i]!;
          assert.equal(address.family, 3);
          assert.equal(address.key, latin1(encodeToBytes(STRING_CODER, sent.userKey, true)));
          assert.equal(address.tag, sent.dynamicTimerTag);
          assert.equal(address.window.key, key);
          if (sent.clearBit) assert.equal(timer, undefined);
          else {
            const { fireTimestamp: fire, holdTimestamp: hold, pane } = sent;
            assert.deepEqual(timer, { ...address, fire, hold, pane: { ...pane } });
          }
        });
      }),
      { numRuns: 300 },
    );
  });

  it("writes timers that fire as the coder of timers does", () => {
    fc.assert(
      fc.property(cases, ({ window, timers }) => {
        const codec = codecOf(STRING_CODER as Coder<unknown>, window);
        for (const timer of timers) {
          const fired = codec.decode(encoded([timer], window)).flatMap((change) => change.timer ?? []);
          const each = timer.windows.map((it) => encoded([{ ...timer, windows: [it] }], window));
          if (!timer.clearBit)
            assert.deepEqual(
              fired.map((it) => Buffer.from(codec.encode(it))),
              each,
            );
        }
      }),
    );
  });

  it("refuses what ends too early", () => {
    fc.assert(
      fc.property(cases, ({ window, timers }) => {
        const codec = codecOf(STRING_CODER as Coder<unknown>, window);
        const ends = new Set(timers.map((_, i) => encoded(timers.slice(0, i), window).length));
        const bytes = encoded(timers, window);
        for (let end = 0; end < bytes.length; end++) {
          const part = Buffer.from(bytes.subarray(0, end));
          if (ends.has(end)) codec.decode(part);
          else assert.throws(() => codec.decode(part), isMalformed, `${end} of ${bytes.length}`);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("reads timers that messages end in the middle of, wherever that is", () => {
    fc.assert(
      fc.property(cases, ({ window, timers }) => {
        const codec = codecOf(STRING_CODER as Coder<unknown>, window);
        const bytes = encoded(timers, window);
        const whole = codec.decode(bytes);
        for (let end = 0; end < bytes.length; end++) {
          const first = codec.decodePart(bytes.subarray(0, end));
          const second = codec.decodePart(Buffer.concat([first.rest, bytes.subarray(end)]));
          assert.equal(second.rest.length, 0);
          assert.deepEqual([...first.changes, ...second.changes], whole);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("refuses damaged bytes with an error of its own, or takes them for timers", () => {
    const damage = cases.chain(({ window, timers }) =>
      damaged(encoded(timers, window)).map((bytes) => ({ window, bytes })),
    );
    fc.assert(
      fc.property(damage, ({ window, bytes }) => {
        try {
          codecOf(STRING_CODER as Coder<unknown>, window).decode(bytes);
        } catch (thrown) {
          assert.ok(isMalformed(thrown), String(thrown));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("refuses a tag whose length has no end, counts of windows that cannot be, and marks other than 0 and 1", () => {
    const codec = codecOf(BYTES_CODER as Coder<unknown>, GLOBAL);
    const key = "016b";
    for (const rest of [
      "",
      "80",
      "8080",
      "ff".repeat(20),
      "00" + "7fffffff" + "01",
      "00" + "fffffffe" + "01",
      "00" + "00000001" + "02",
    ]) {
      assert.throws(() => codec.decode(Buffer.from(key + rest, "hex")), isMalformed, rest);
    }
    assert.equal(codec.decode(Buffer.from(`${key}00${"00000001"}01`, "hex")).length, 1);
  });

  it("tells the timers of a family apart by their tags", () => {
    const codec = codecOf(STRING_CODER as Coder<unknown>, GLOBAL);
    const timer = (dynamicTimerTag: string): TimerOfCoder<string> => ({
      userKey: "k",
      dynamicTimerTag,
      windows: [GLOBAL_WINDOW],
      clearBit: false,
      fireTimestamp: 7,
      holdTimestamp: 5,
      pane: NO_FIRING,
    });
    const changes = codec.decode(encoded([timer(""), timer("a")], GLOBAL));
    assert.deepEqual(
      changes.map(({ address, timer }) => [address.tag, timer?.fire, timer?.hold]),
      [
        ["", 7, 5],
        ["a", 7, 5],
      ],
    );
  });
});
