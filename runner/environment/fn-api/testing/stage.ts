/** For specs: a stage of one ParDo with state, timers and side inputs, and what it is given. */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  BYTES_CODER,
  type Coder,
  encodeToBytes,
  INTERVAL_WINDOW_CODER,
  KVCoder,
  STRING_CODER,
  WindowedValueCoder,
} from "../../../../portability/coders/index.js";
import { NO_FIRING } from "../../../../portability/execution/pane.js";
import type { BundleTask, StageDescriptor } from "../../../../portability/execution/stage.js";
import type { TimerFamily } from "../../../../portability/execution/timer.js";
import { type BoundedWindow, IntervalWindow } from "../../../../portability/execution/window.js";
import {
  ComponentsSchema,
  IsBounded_Enum,
  ParDoPayloadSchema,
  type StateSpecSchema,
} from "../../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import {
  FixedWindowsPayload,
  StandardCoders,
  StandardPTransforms,
  StandardSideInputTypes,
} from "../../../../portability/urns.js";

const { Enum: URN } = StandardCoders;

/** The transform of the stage, its main input and its output: pairs of a string and bytes in windows of ten. */
export const DO = "do";
export const IN = "in";
export const OUT = "out";
export const SIDE = "side";

export interface StageInit {
  readonly states?: Readonly<Record<string, MessageInitShape<typeof StateSpecSchema>["spec"]>>;
  /** Timer families by the clock that they go by. */
  readonly timers?: Readonly<Record<string, TimerFamily["domain"]>>;
  /** Names of side inputs, all of one PCollection. */
  readonly sideInputs?: readonly string[];
  /** A coder of pairs whose values the runner does not know, or of groups. Default: pairs with bytes. */
  readonly coder?: "pair" | "own-pair" | "group";
  /** Whether it is the part of a splittable DoFn that runs restrictions, whose output never ends. */
  readonly endless?: boolean;
  /** URNs that its environment announces. Default: none. */
  readonly capabilities?: readonly string[];
  /** PCollections that it outputs. Default: {@link OUT}. */
  readonly outputs?: readonly string[];
}

export function stageWith(init: StageInit = {}): StageDescriptor {
  const {
    states = {},
    timers = {},
    sideInputs = [],
    coder = "pair",
    endless = false,
    outputs = [OUT],
    capabilities = [],
  } = init;
  const urn = endless
    ? StandardPTransforms.SplittableParDoComponents.PROCESS_SIZED_ELEMENTS_AND_RESTRICTIONS
    : StandardPTransforms.Primitives.PAR_DO;
  const payload = create(ParDoPayloadSchema, {
    doFn: { urn: "test:dofn" },
    sideInputs: Object.fromEntries(
      sideInputs.map((name) => [name, { accessPattern: { urn: StandardSideInputTypes.Enum.MULTIMAP } }]),
    ),
    stateSpecs: Object.fromEntries(Object.entries(states).map(([id, spec]) => [id, { spec }])),
    timerFamilySpecs: Object.fromEntries(Object.keys(timers).map((id) => [id, { timerFamilyCoderId: "timer" }])),
  } as MessageInitShape<typeof ParDoPayloadSchema>);
  const pcollection = {
    coderId: coder,
    windowingStrategyId: "fixed",
    isBounded: endless ? IsBounded_Enum.UNBOUNDED : IsBounded_Enum.BOUNDED,
  };
  const components = create(ComponentsSchema, {
    coders: {
      own: { spec: { urn: "own:coder" } },
      bytes: { spec: { urn: URN.BYTES } },
      string: { spec: { urn: URN.STRING_UTF8 } },
      varint: { spec: { urn: URN.VARINT } },
      pair: { spec: { urn: URN.KV }, componentCoderIds: ["string", "bytes"] },
      "own-pair": { spec: { urn: URN.KV }, componentCoderIds: ["string", "own"] },
      iterable: { spec: { urn: URN.ITERABLE }, componentCoderIds: ["bytes"] },
      group: { spec: { urn: URN.KV }, componentCoderIds: ["string", "iterable"] },
      window: { spec: { urn: URN.INTERVAL_WINDOW } },
      timer: { spec: { urn: URN.TIMER }, componentCoderIds: ["string", "window"] },
    },
    environments: { environment: { capabilities: [...capabilities] } },
    windowingStrategies: {
      fixed: { windowFn: { urn: FixedWindowsPayload.Enum.PROPERTIES }, windowCoderId: "window" },
    },
    pcollections: {
      [IN]: pcollection,
      [SIDE]: pcollection,
      ...Object.fromEntries(outputs.map((id) => [id, pcollection])),
    },
    transforms: {
      [DO]: {
        uniqueName: DO,
        spec: { urn, payload: toBinary(ParDoPayloadSchema, payload) },
        inputs: { main: IN, ...Object.fromEntries(sideInputs.map((name) => [name, SIDE])) },
        outputs: Object.fromEntries(outputs.map((id) => [id, id])),
        environmentId: "environment",
      },
    },
  });
  return {
    id: "stage",
    components,
    transforms: [DO],
    inputs: [{ pcollection: IN, consumers: [{ transform: DO, localName: "main" }] }],
    outputs: outputs.map((id) => ({ pcollection: id, keyed: true })),
    sideInputs: sideInputs.map((localName) => ({ transform: DO, localName, pcollection: SIDE })),
    states: Object.keys(states).map((id) => ({ transform: DO, id })),
    timers: Object.entries(timers).map(([id, domain]) => ({ transform: DO, id, domain, onWindowExpiration: false })),
  };
}

/** A task without work. */
export function taskWith(task: Partial<BundleTask> = {}): BundleTask {
  return {
    bundle: 1,
    inputs: [],
    timers: [],
    state: { read: () => undefined },
    sideInputs: [],
    deadline: Number.POSITIVE_INFINITY,
    slice: Number.POSITIVE_INFINITY,
    maxElements: Number.POSITIVE_INFINITY,
    maxOutputBytes: Number.POSITIVE_INFINITY,
    stop: { stopped: false },
    ...task,
  };
}

const PAIRS = new WindowedValueCoder(
  new KVCoder(STRING_CODER, BYTES_CODER),
  INTERVAL_WINDOW_CODER as Coder<BoundedWindow>,
);

/** Elements as a worker writes them: key, value and timestamp, in windows of ten. */
export function pairs(...elements: readonly (readonly [key: string, value: string, timestamp: number])[]): Buffer {
  return Buffer.concat(
    elements.map(([key, text, timestamp]) => {
      const start = Math.floor(timestamp / 10) * 10;
      const value = { key, value: Buffer.from(text) };
      const windows = [new IntervalWindow(start, start + 10)];
      return encodeToBytes(PAIRS, { value, timestamp, windows, pane: NO_FIRING }, true);
    }),
  );
}

/** A window of ten as a worker writes it. */
export function windowBytes(start: number): Uint8Array {
  return encodeToBytes(INTERVAL_WINDOW_CODER, new IntervalWindow(start, start + 10), true);
}

/** A string as a key in state keys and elements. */
export function keyBytes(key: string): Uint8Array {
  return encodeToBytes(STRING_CODER, key, true);
}
