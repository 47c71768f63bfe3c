/**
 * Window functions that only an SDK knows, called through `beam:transform:map_windows:v1` and
 * `beam:transform:merge_windows:v1`.
 *
 * Each is a stage of one transform: what is to be mapped or merged goes in as elements, with a nonce that comes back.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { GirderError } from "../../../portability/errors.js";
import { Batch } from "../../../portability/execution/batch.js";
import { NO_FIRING } from "../../../portability/execution/pane.js";
import type {
  BundleTask,
  PreparedStage,
  StageDescriptor,
  WindowFunction,
  WindowMerge,
} from "../../../portability/execution/stage.js";
import { MIN_TIMESTAMP } from "../../../portability/execution/time.js";
import type { InternedWindow } from "../../../portability/execution/window.js";
import type { WindowTable } from "../../../portability/execution/window-table.js";
import {
  AccumulationMode_Enum,
  ClosingBehavior_Enum,
  type Coder,
  CoderSchema,
  ComponentsSchema,
  FunctionSpecSchema,
  IsBounded_Enum,
  MergeStatus_Enum,
  OnTimeBehavior_Enum,
  OutputTime_Enum,
  PCollectionSchema,
  PTransformSchema,
  WindowingStrategySchema,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { GlobalWindowsPayload, StandardCoders, StandardPTransforms } from "../../../portability/urns.js";
import { StageCoders } from "./bundle-descriptor.js";
import { ElementWriter } from "./element-writer.js";
import { EncodedValue } from "./encoded-value.js";
import { RemoteStage } from "./remote-stage.js";
import type { RemoteWorker } from "./remote-worker.js";
import { readVarint, skipVarint } from "./skip.js";
import type { WindowCodec } from "./window-codec.js";

const { Enum: CODER } = StandardCoders;
const { Primitives } = StandardPTransforms;

const ID = "girder:windows:";
const INPUT = `${ID}in`;
const OUTPUT = `${ID}out`;

/** The stage that calls a window function. @param output the coder of what comes out, given the id of the windows' coder. */
function windowStage(
  { components, spec, from, to, environment }: WindowFunction,
  urn: string,
  coderOf: (name: "in" | "out", window: string, coder: (urn: string, ...parts: string[]) => string) => string,
): StageDescriptor {
  const coders: Record<string, Coder> = { ...components.coders };
  const coder = (coderUrn: string, ...componentCoderIds: string[]): string => {
    const id = `${ID}${coderUrn}(${componentCoderIds.join()})`;
    coders[id] = create(CoderSchema, { spec: create(FunctionSpecSchema, { urn: coderUrn }), componentCoderIds });
    return id;
  };
  const windowCoder = (strategy: string): string => components.windowingStrategies[strategy]!.windowCoderId;
  const global = create(WindowingStrategySchema, {
    windowFn: create(FunctionSpecSchema, { urn: GlobalWindowsPayload.Enum.PROPERTIES }),
    windowCoderId: coder(CODER.GLOBAL_WINDOW),
    mergeStatus: MergeStatus_Enum.NON_MERGING,
    trigger: { trigger: { case: "default", value: {} } },
    accumulationMode: AccumulationMode_Enum.DISCARDING,
    outputTime: OutputTime_Enum.END_OF_WINDOW,
    closingBehavior: ClosingBehavior_Enum.EMIT_IF_NONEMPTY,
    onTimeBehavior: OnTimeBehavior_Enum.FIRE_ALWAYS,
    environmentId: environment,
  });
  const pcollection = (coderId: string) =>
    create(PCollectionSchema, { coderId, windowingStrategyId: `${ID}global`, isBounded: IsBounded_Enum.BOUNDED });
  const transform = `${ID}call`;
  return {
    id: transform,
    components: create(ComponentsSchema, {
      ...components,
      coders,
      windowingStrategies: { ...components.windowingStrategies, [`${ID}global`]: global },
      pcollections: {
        [INPUT]: pcollection(coderOf("in", windowCoder(from), coder)),
        [OUTPUT]: pcollection(coderOf("out", windowCoder(to), coder)),
      },
      transforms: {
        [transform]: create(PTransformSchema, {
          uniqueName: transform,
          spec: create(FunctionSpecSchema, { urn, payload: toBinary(FunctionSpecSchema, spec) }),
          inputs: { in: INPUT },
          outputs: { out: OUTPUT },
          environmentId: environment,
        }),
      },
    }),
    transforms: [transform],
    inputs: [{ pcollection: INPUT, consumers: [{ transform, localName: "in" }] }],
    outputs: [{ pcollection: OUTPUT, keyed: false }],
    sideInputs: [],
    states: [],
    timers: [],
  };
}

abstract class RemoteWindowFunction {
  readonly #stage: PreparedStage;
  readonly #table: WindowTable;
  protected readonly from: WindowCodec;
  protected readonly to: WindowCodec;

  constructor(fn: WindowFunction, stage: StageDescriptor, table: WindowTable, worker: RemoteWorker) {
    this.#table = table;
    this.#stage = new RemoteStage(stage, worker, table);
    const coders = new StageCoders(fn.components, table);
    this.from = coders.windowsOf(fn.from);
    this.to = coders.windowsOf(fn.to);
  }

  close(): void | Promise<void> {
    return this.#stage.close();
  }

  /**
   * Sends encoded values through the stage, each with its index as nonce; gives what comes out for each to `read`.
   *
   * @throws GirderError `malformed-data` where there is not one answer for each.
   */
  protected async call(
    values: readonly Buffer[],
    read: (index: number, bytes: Buffer, at: number) => void,
  ): Promise<void> {
    const refs = values.map((bytes) => new EncodedValue(bytes, 0, bytes.length));
    const { global } = this.#table;
    const batch = new Batch(refs, undefined, { all: MIN_TIMESTAMP }, { all: global }, { all: NO_FIRING }, 0);
    const { outputs } = await this.#stage.run(taskOf(batch));
    const answered = new Set<number>();
    for (const { batch: answer } of outputs) {
      for (const { bytes, start } of answer.columns.refs as readonly EncodedValue[]) {
        const nonceAt = skipVarint(bytes, start);
        const at = nonceAt + readVarint(bytes, start);
        const index = Number(bytes.toString("latin1", nonceAt, at));
        if (values[index] === undefined || answered.has(index)) throw this.#unanswered(values, answered);
        answered.add(index);
        read(index, bytes, at);
      }
    }
    if (answered.size < values.length) throw this.#unanswered(values, answered);
  }

  #unanswered({ length }: readonly Buffer[], { size }: ReadonlySet<number>): GirderError {
    return new GirderError("malformed-data", `A worker answered ${size} of ${length} questions about windows.`, {
      remedy:
        "The window function's coder or its worker is at fault: each question comes with a nonce that is to come back.",
    });
  }
}

/** Which windows of a side input belong to windows of a main input. */
export class RemoteWindowMapping extends RemoteWindowFunction {
  constructor(fn: WindowFunction, table: WindowTable, worker: RemoteWorker) {
    const stage = windowStage(fn, Primitives.MAP_WINDOWS, (_, window, coder) =>
      coder(CODER.KV, coder(CODER.BYTES), window),
    );
    super(fn, stage, table, worker);
  }

  async map(windows: readonly InternedWindow[]): Promise<InternedWindow[]> {
    const values = windows.map((window, i) => {
      const writer = new ElementWriter(64);
      const nonce = Buffer.from(String(i));
      writer.varint(nonce.length);
      writer.bytes(nonce);
      writer.key(window.key);
      return writer.take();
    });
    const mapped: InternedWindow[] = [];
    await this.call(values, (i, bytes, at) => {
      mapped[i] = this.to.read(bytes, at, this.to.skip(bytes, at));
    });
    return mapped;
  }
}

/** Which windows of a key become one. */
export class RemoteWindowMerging extends RemoteWindowFunction {
  constructor(fn: WindowFunction, table: WindowTable, worker: RemoteWorker) {
    const stage = windowStage(fn, Primitives.MERGE_WINDOWS, (name, window, coder) => {
      const windows = coder(CODER.ITERABLE, window);
      const merged = coder(CODER.KV, windows, coder(CODER.ITERABLE, coder(CODER.KV, window, windows)));
      return coder(CODER.KV, coder(CODER.BYTES), name === "in" ? windows : merged);
    });
    super(fn, stage, table, worker);
  }

  /** @param keys The windows of each of several keys; answers in the same order. */
  async merge(keys: readonly (readonly InternedWindow[])[]): Promise<(readonly WindowMerge[])[]> {
    const values = keys.map((windows, i) => {
      const writer = new ElementWriter(64);
      const nonce = Buffer.from(String(i));
      writer.varint(nonce.length);
      writer.bytes(nonce);
      writer.count(windows.length);
      for (const { key } of windows) writer.key(key);
      return writer.take();
    });
    const merges: WindowMerge[][] = keys.map(() => []);
    await this.call(values, (i, bytes, start) => {
      let at = start;
      const readWindow = (): InternedWindow => {
        const end = this.to.skip(bytes, at);
        const window = this.to.read(bytes, at, end);
        at = end;
        return window;
      };
      const readAll = (read: () => void): void => {
        let count = bytes.readInt32BE(at);
        at += 4;
        const isCounted = count >= 0;
        for (;;) {
          if (!isCounted) {
            count = readVarint(bytes, at);
            at = skipVarint(bytes, at);
          }
          for (let left = count; left > 0; left--) {
            const before = at;
            read();
            // Windows without bytes are one and the same, however many of them there are said to be.
            if (at === before) break;
          }
          if (isCounted || count === 0) return;
        }
      };
      readAll(readWindow);
      readAll(() => {
        const into = readWindow();
        const from: InternedWindow[] = [];
        readAll(() => from.push(readWindow()));
        merges[i]!.push({ from, into });
      });
    });
    return merges;
  }
}

function taskOf(batch: Batch): BundleTask {
  return {
    bundle: 0,
    inputs: [{ input: 0, batch }],
    timers: [],
    state: { read: () => undefined },
    sideInputs: [],
    deadline: Number.POSITIVE_INFINITY,
    slice: Number.POSITIVE_INFINITY,
    maxElements: Number.POSITIVE_INFINITY,
    maxOutputBytes: Number.POSITIVE_INFINITY,
    stop: { stopped: false },
  };
}
