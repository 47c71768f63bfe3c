/**
 * `beam:transform:map_windows:v1` and `beam:transform:merge_windows:v1`: a runner elsewhere asks about windows of an author's
 * function, with elements that carry a nonce and come back with the answer.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { type Coder, IterableCoder, type KV, KVCoder } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import type { BoundedWindow, InternedWindow } from "../../portability/execution/window.js";
import {
  FunctionSpecSchema,
  type PTransform,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { FunctionTable } from "../pipeline/functions.js";
import { CustomWindows } from "./custom-windows.js";
import type { StageComponents } from "./stage-components.js";
import { windowInterner } from "./window-interner.js";

type Windows = Iterable<BoundedWindow>;

/** From a window of a main input to the one in which a side input is looked up. */
export function answerMapWindows(
  transform: PTransform,
  components: StageComponents,
  functions: FunctionTable,
): (question: KV<unknown, BoundedWindow>) => KV<unknown, BoundedWindow> {
  const intern = windowInterner(components.windows, windowCoderOf(Object.values(transform.outputs), components));
  const ofMain = windowInterner(components.windows, windowCoderOf(Object.values(transform.inputs), components));
  const windows = new CustomWindows(fromBinary(FunctionSpecSchema, transform.spec!.payload), functions, intern);
  return ({ key, value }) => ({ key, value: windows.sideInputWindow(ofMain(value)).value });
}

/** From the windows of a key to those that stay, and those that become one. */
export function answerMergeWindows(
  transform: PTransform,
  components: StageComponents,
  functions: FunctionTable,
): (question: KV<unknown, Windows>) => KV<unknown, KV<Windows, Iterable<KV<BoundedWindow, Windows>>>> {
  const intern = windowInterner(components.windows, windowCoderOf(Object.values(transform.inputs), components));
  const windows = new CustomWindows(fromBinary(FunctionSpecSchema, transform.spec!.payload), functions, intern);
  return ({ key, value }) => {
    const open = Array.from(value, intern);
    const merges = windows.merge(open);
    const merged = new Set(merges.flatMap(({ from }) => from));
    return {
      key,
      value: {
        key: values(open.filter((window) => !merged.has(window))),
        value: merges.map(({ from, into }) => ({ key: into.value, value: values(from) })),
      },
    };
  };
}

function values(windows: readonly InternedWindow[]): BoundedWindow[] {
  return windows.map(({ value }) => value);
}

/** How the windows of a question, or of an answer that is one window, are written: after the nonce. */
function windowCoderOf([pcollection]: readonly string[], components: StageComponents): Coder<BoundedWindow> {
  const { coder } = components.codec(pcollection!);
  if (!(coder instanceof KVCoder)) {
    throw new GirderError("invalid-pipeline", "A question about windows has no nonce.", { where: pcollection! });
  }
  const { value } = coder as KVCoder<unknown, unknown>;
  return (value instanceof IterableCoder ? value.element : value) as Coder<BoundedWindow>;
}
