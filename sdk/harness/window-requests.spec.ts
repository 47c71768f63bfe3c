import assert from "node:assert/strict";
import { create, toBinary } from "@bufbuild/protobuf";
import {
  BYTES_CODER,
  type Coder,
  CoderTable,
  CustomWindowCoder,
  INTERVAL_WINDOW_CODER,
  IterableCoder,
  JS_VALUE_CODER,
  type KV,
  KVCoder,
} from "../../portability/coders/index.js";
import { IntervalWindow } from "../../portability/execution/window.js";
import { WindowTable } from "../../portability/execution/window-table.js";
import {
  ComponentsSchema,
  FunctionSpecSchema,
  PCollectionSchema,
  PTransformSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { FunctionTable } from "../pipeline/functions.js";
import { GLOBAL_WINDOWING, windowCoderOf, windowingToProto } from "../pipeline/windowing.js";
import { type CustomWindowFn, WINDOW_FN_URN } from "../windowing/custom-window-fn.js";
import { StageComponents } from "./stage-components.js";
import { answerMapWindows, answerMergeWindows } from "./window-requests.js";

interface Week {
  readonly week: number;
  readonly maxTimestamp: number;
}

/** Weeks of seven ms, of which the even ones become one. */
const weeks: CustomWindowFn<unknown, Week> = {
  assign: (_, timestamp) => week(Math.floor(timestamp / 7)),
  merge: (windows) => [{ from: windows.filter((w) => w.week % 2 === 0), into: week(100) }],
  sideInputWindow: ({ maxTimestamp }) => week(Math.floor(maxTimestamp / 7)),
};

function week(number: number): Week {
  return { week: number, maxTimestamp: number * 7 + 6 };
}

const WINDOW = new CustomWindowCoder(JS_VALUE_CODER) as Coder<unknown>;

/** The transform that asks, and what it knows: elements come in as `input` and go out as `output`. */
function asked(input: Coder<unknown>, output: Coder<unknown>) {
  const functions = new FunctionTable();
  const spec = functions.add(WINDOW_FN_URN, "Weeks", weeks, String(weeks.assign));
  const coders = new CoderTable();
  const windowing = windowingToProto(GLOBAL_WINDOWING, coders.add(windowCoderOf(GLOBAL_WINDOWING) as never), "e");
  const pcollection = (coder: Coder<unknown>) =>
    create(PCollectionSchema, { coderId: coders.add(coder), windowingStrategyId: "global" });
  const transform = create(PTransformSchema, {
    spec: create(FunctionSpecSchema, { payload: toBinary(FunctionSpecSchema, spec) }),
    inputs: { in: "in" },
    outputs: { out: "out" },
  });
  const components = create(ComponentsSchema, {
    pcollections: { in: pcollection(input), out: pcollection(output) },
    windowingStrategies: { global: windowing },
    coders: coders.coders,
    transforms: { ask: transform },
  });
  const descriptor = {
    id: "s",
    components,
    transforms: ["ask"],
    inputs: [],
    outputs: [],
    sideInputs: [],
    states: [],
    timers: [],
  };
  return { transform, components: new StageComponents(descriptor, new WindowTable()), functions };
}

const asking = (value: Coder<unknown>): Coder<unknown> => new KVCoder(BYTES_CODER, value) as Coder<unknown>;
const NONCE = Buffer.from("7");

describe("a question of a runner elsewhere", () => {
  it("about a window of a side input is answered with it, and the nonce", () => {
    const { transform, components, functions } = asked(asking(INTERVAL_WINDOW_CODER as never), asking(WINDOW));
    const answer = answerMapWindows(transform, components, functions);
    assert.deepEqual(answer({ key: NONCE, value: new IntervalWindow(14, 18) }), { key: NONCE, value: week(2) });
  });

  it("about windows that merge is answered with those that stay, and the others", () => {
    const windows = new IterableCoder(WINDOW) as Coder<unknown>;
    const merged = new KVCoder(windows, new IterableCoder(new KVCoder(WINDOW, windows))) as Coder<unknown>;
    const { transform, components, functions } = asked(asking(windows), asking(merged));
    const answer = answerMergeWindows(transform, components, functions);
    const { key, value } = answer({ key: NONCE, value: [week(1), week(2), week(3), week(4)] });
    assert.equal(key, NONCE);
    assert.deepEqual(value, {
      key: [week(1), week(3)],
      value: [{ key: week(100), value: [week(2), week(4)] }],
    } satisfies KV<unknown, unknown>);
  });

  it("without a nonce is refused", () => {
    const { transform, components, functions } = asked(WINDOW, WINDOW);
    assert.throws(() => answerMapWindows(transform, components, functions), { code: "invalid-pipeline" });
  });
});
