import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import {
  BYTES_CODER,
  ByteReader,
  type Coder,
  decodeFromBytes,
  encodeToBytes,
  GLOBAL_WINDOW_CODER,
  INTERVAL_WINDOW_CODER,
  IterableCoder,
  type KV,
  KVCoder,
  WindowedValueCoder,
} from "../../../portability/coders/index.js";
import { GirderError } from "../../../portability/errors.js";
import { NO_FIRING } from "../../../portability/execution/pane.js";
import type { WindowFunction } from "../../../portability/execution/stage.js";
import { type BoundedWindow, GLOBAL_WINDOW, IntervalWindow } from "../../../portability/execution/window.js";
import { WindowTable } from "../../../portability/execution/window-table.js";
import { client } from "../../../portability/fn-api/grpc.js";
import { BeamFnControl } from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import {
  ComponentsSchema,
  FunctionSpecSchema,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardCoders, StandardPTransforms } from "../../../portability/urns.js";
import { type FakeBundle, FakeRunner } from "./testing/fake-worker.js";

const { Primitives } = StandardPTransforms;
const table = new WindowTable();

const FN: WindowFunction = {
  components: create(ComponentsSchema, {
    coders: { window: { spec: { urn: StandardCoders.Enum.INTERVAL_WINDOW } } },
    windowingStrategies: { own: { windowCoderId: "window" } },
  }),
  spec: create(FunctionSpecSchema, { urn: "own:windows", payload: Uint8Array.of(7) }),
  environment: "e",
  from: "own",
  to: "own",
};

const WINDOW = INTERVAL_WINDOW_CODER as Coder<BoundedWindow>;
const MAPPED = windowed(new KVCoder(BYTES_CODER, WINDOW));
const OPEN = windowed(new KVCoder(BYTES_CODER, new IterableCoder(WINDOW)));
const MERGED = windowed(
  new KVCoder(
    BYTES_CODER,
    new KVCoder(new IterableCoder(WINDOW), new IterableCoder(new KVCoder(WINDOW, new IterableCoder(WINDOW)))),
  ),
);

function windowed<T>(coder: Coder<T>): WindowedValueCoder<T> {
  return new WindowedValueCoder(coder, GLOBAL_WINDOW_CODER as Coder<BoundedWindow>);
}

function read<T>(coder: WindowedValueCoder<T>, bytes: Buffer): T[] {
  const input = new ByteReader(bytes);
  const values: T[] = [];
  while (input.remaining > 0) values.push(coder.decode(input, true).value);
  return values;
}

function write<T>(coder: WindowedValueCoder<T>, ...values: T[]): Buffer {
  const element = (value: T) => ({ value, timestamp: 0, windows: [GLOBAL_WINDOW], pane: NO_FIRING });
  return Buffer.concat(values.map((value) => encodeToBytes(coder, element(value), true)));
}

/** What a worker has been asked to call. */
function functionOf(bundle: FakeBundle, urn: string): Uint8Array {
  const [transform] = bundle.transforms(urn) as [string];
  const { payload } = bundle.descriptor.transforms[transform]!.spec!;
  return decodeFromBytes(BYTES_CODER, payload);
}

const malformed = (thrown: unknown): boolean => thrown instanceof GirderError && thrown.code === "malformed-data";

describe("window functions in a worker", () => {
  const [a, b, c] = [table.interval(0, 5), table.interval(3, 9), table.interval(20, 25)];

  it("map windows, in whatever order they are answered", async () => {
    await using runner = await FakeRunner.start((bundle) => {
      assert.ok(Buffer.from(functionOf(bundle, Primitives.MAP_WINDOWS)).includes("own:windows"));
      const answers = read(MAPPED, bundle.input).map(({ key, value }) => {
        const start = Math.floor(value.maxTimestamp / 10) * 10;
        return { key, value: new IntervalWindow(start, start + 10) as BoundedWindow };
      });
      bundle.output(write(MAPPED, ...answers.reverse()));
    });
    const mapped = await runner.worker.mapWindows(FN, table, [a, c, b]);
    assert.deepEqual(mapped, [table.interval(0, 10), table.interval(20, 30), table.interval(0, 10)]);
    assert.deepEqual(await runner.worker.mapWindows(FN, table, [c]), [table.interval(20, 30)]);
    assert.equal(runner.started.length, 1);
  });

  it("merge the windows of several keys", async () => {
    await using runner = await FakeRunner.start((bundle) => {
      for (const { key, value } of read(OPEN, bundle.input)) {
        const all = [...value] as IntervalWindow[];
        const merged = all.filter(({ start }) => start < 10);
        const into = new IntervalWindow(0, Math.max(...merged.map(({ end }) => end)));
        const merges: KV<BoundedWindow, BoundedWindow[]>[] = merged.length > 1 ? [{ key: into, value: merged }] : [];
        const left = all.filter((it) => merges.length === 0 || !merged.includes(it));
        bundle.output(write(MERGED, { key, value: { key: left, value: merges } }));
      }
    });
    const merges = await runner.worker.mergeWindows(FN, table, [[c], [a, b, c], []]);
    assert.deepEqual(merges, [[], [{ from: [a, b], into: table.interval(0, 9) }], []]);
  });

  it("must answer each question, once, with its nonce", async () => {
    const one = { key: Buffer.from("0"), value: new IntervalWindow(0, 10) as BoundedWindow };
    for (const answers of [[], [one], [one, one], [one, { ...one, key: Buffer.from("2") }]]) {
      await using runner = await FakeRunner.start((bundle) => bundle.output(write(MAPPED, ...answers)));
      await assert.rejects(runner.worker.mapWindows(FN, table, [a, b]), malformed);
    }
    await using silent = await FakeRunner.start(() => undefined);
    await assert.rejects(silent.worker.mergeWindows(FN, table, [[a]]), malformed);
  });

  it("leave nothing behind when the job is over", async () => {
    const descriptors: string[] = [];
    await using runner = await FakeRunner.start((bundle) => {
      descriptors.push(bundle.descriptor.id);
      const answers = read(MAPPED, bundle.input);
      bundle.output(write(MAPPED, ...answers));
    });
    await runner.worker.mapWindows(FN, table, [a]);
    const control = client(BeamFnControl, runner.address);
    const ask = () => control.call.getProcessBundleDescriptor({ processBundleDescriptorId: descriptors[0]! });
    assert.equal((await ask()).id, descriptors[0]);
    await runner.worker.close();
    await assert.rejects(ask(), (thrown) => thrown instanceof GirderError && thrown.code === "not-found");
    control.close();
  });

  it("may have windows of no bytes, of which there is one", async () => {
    const global: WindowFunction = {
      ...FN,
      components: create(ComponentsSchema, {
        coders: { window: { spec: { urn: StandardCoders.Enum.GLOBAL_WINDOW } } },
        windowingStrategies: { own: { windowCoderId: "window" } },
      }),
    };
    await using runner = await FakeRunner.start((bundle) => {
      // One value: the nonce, then two thousand million windows, and as many merges of none into none.
      const value = Buffer.concat([Buffer.from("0130", "hex"), Buffer.from("7fffffff00000000", "hex")]);
      bundle.output(Buffer.concat([Buffer.from("8000000000000000000000010f", "hex"), value]));
    });
    assert.deepEqual(await runner.worker.mergeWindows(global, table, [[table.global]]), [[]]);
  });
});
