/** Work that a worker gives back to the runner, to be given out again: `DelayedBundleApplication`s. */
import type { WindowedValueCoder } from "../../portability/coders/index.js";
import { ByteWriter, writeHeader } from "../../portability/coders/index.js";
import { entry } from "../../portability/execution/batch.js";
import type { Residual } from "../../portability/execution/stage.js";
import { type Instant, instantToWire } from "../../portability/execution/time.js";
import type { InternedWindow } from "../../portability/execution/window.js";
import { IsBounded_Enum } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardPTransforms } from "../../portability/urns.js";
import type { StageInstance } from "./stage-instance.js";

const { PROCESS_SIZED_ELEMENTS_AND_RESTRICTIONS } = StandardPTransforms.SplittableParDoComponents;

/** An application, written by hand: what is passed on is not read again. */
type Delayed = {
  readonly application: {
    readonly transformId: string;
    readonly inputId: string;
    readonly element: Uint8Array;
    readonly outputWatermarks: { [output: string]: { seconds: bigint; nanos: number } };
    readonly isBounded: IsBounded_Enum;
  };
  readonly requestedTimeDelay?: { seconds: bigint; nanos: number };
};

/** One application for each element. */
export function applicationsOf(
  { input, batch, delay, watermark, bounded }: Residual,
  { described, compiled }: StageInstance,
): Delayed[] {
  const { components } = compiled;
  const { consumers } = described.stage.inputs[input]!;
  const splittable = consumers.find(
    ({ transform }) => components.transform(transform).spec?.urn === PROCESS_SIZED_ELEMENTS_AND_RESTRICTIONS,
  );
  const { transform: transformId, localName: inputId } = splittable ?? consumers[0]!;
  const outputs = components.transform(transformId).outputs;
  const isBounded = bounded !== false;
  const coder = components.coder(described.sources[input]!.coder) as WindowedValueCoder<unknown>;
  const { columns } = batch;
  return columns.refs.map((value, i) => {
    const windows = entry(columns.windows, i);
    const set = Array.isArray(windows) ? (windows as readonly InternedWindow[]) : [windows as InternedWindow];
    const out = new ByteWriter();
    const header = {
      timestamp: entry(columns.timestamps, i),
      windows: set.map((window) => window.value),
      pane: entry(columns.panes, i),
    };
    writeHeader(header, coder.window, out);
    coder.value.encode(value, out, true);
    return {
      application: {
        transformId,
        inputId,
        element: out.finish(),
        outputWatermarks:
          watermark === undefined
            ? {}
            : Object.fromEntries(Object.keys(outputs).map((name) => [name, timestampOf(watermark)])),
        isBounded: isBounded ? IsBounded_Enum.BOUNDED : IsBounded_Enum.UNBOUNDED,
      },
      ...(delay <= 0
        ? {}
        : { requestedTimeDelay: { seconds: BigInt(Math.floor(delay / 1000)), nanos: (delay % 1000) * 1_000_000 } }),
    };
  });
}

function timestampOf(instant: Instant): { seconds: bigint; nanos: number } {
  const millis = instantToWire(instant);
  const seconds = millis / 1000n - (millis % 1000n < 0n ? 1n : 0n);
  return { seconds, nanos: Number(millis - seconds * 1000n) * 1_000_000 };
}
