/**
 * Checks what authors promise about elements: that they are not changed once they are output, and that a key is always
 * written as the same bytes.
 *
 * Elements usually travel through a process as they are. Here all that leaves a stage is encoded and decoded, so that the
 * next stage has a copy, as it would in another process; what enters a stage is encoded before and after it has been
 * processed, and must not have changed.
 */
import { GirderError } from "../../portability/errors.js";
import type { Batch, BatchCodec } from "../../portability/execution/batch.js";
import type {
  BundleResult,
  BundleTask,
  PreparedStage,
  StageDescriptor,
  StageWorker,
} from "../../portability/execution/stage.js";
import type { WindowTable } from "../../portability/execution/window-table.js";

/** A batch, and its bytes when it was seen first. */
interface Seen {
  readonly pcollection: string;
  readonly batch: Batch;
  readonly bytes: Uint8Array;
}

/** A worker whose stages are checked. */
export class CheckingWorker implements StageWorker {
  constructor(readonly inner: StageWorker) {}

  async prepare(stage: StageDescriptor, windows: WindowTable): Promise<PreparedStage> {
    return new CheckingStage(stage, await this.inner.prepare(stage, windows));
  }

  mapWindows(
    ...args: Parameters<NonNullable<StageWorker["mapWindows"]>>
  ): ReturnType<NonNullable<StageWorker["mapWindows"]>> {
    return this.inner.mapWindows!(...args);
  }

  mergeWindows(
    ...args: Parameters<NonNullable<StageWorker["mergeWindows"]>>
  ): ReturnType<NonNullable<StageWorker["mergeWindows"]>> {
    return this.inner.mergeWindows!(...args);
  }
}

class CheckingStage implements PreparedStage {
  readonly #stage: StageDescriptor;
  readonly #inner: PreparedStage;
  /** What the last bundle output, before it was copied. */
  #outputs: Seen[] = [];

  constructor(stage: StageDescriptor, inner: PreparedStage) {
    this.#stage = stage;
    this.#inner = inner;
  }

  run(task: BundleTask): BundleResult | Promise<BundleResult> {
    const before = this.#outputs;
    this.#outputs = [];
    const inputs = [...this.#mainInputs(task), ...this.#sideInputs(task)];
    const result = this.#inner.run(task);
    const check = (settled: BundleResult): BundleResult => {
      this.#mustBeAsBefore(inputs, "changed an element that it was given");
      this.#mustBeAsBefore(before, "changed an element after it had output it");
      return this.#copied(settled);
    };
    return result instanceof Promise ? result.then(check) : check(result);
  }

  #mainInputs({ inputs }: BundleTask): Seen[] {
    return inputs.map(({ input, batch }) => this.#seen(this.#stage.inputs[input]!.pcollection, batch));
  }

  #sideInputs({ sideInputs }: BundleTask): Seen[] {
    return sideInputs.flatMap((contents, i) =>
      [...contents.values()].flat().map((batch) => this.#seen(this.#stage.sideInputs[i]!.pcollection, batch)),
    );
  }

  #seen(pcollection: string, batch: Batch): Seen {
    return { pcollection, batch, bytes: this.#encode(pcollection, batch) };
  }

  #encode(pcollection: string, batch: Batch): Uint8Array {
    return this.codec(pcollection).encode(batch);
  }

  #mustBeAsBefore(seen: readonly Seen[], what: string): void {
    for (const { pcollection, batch, bytes } of seen) {
      if (Buffer.compare(this.#encode(pcollection, batch), bytes) === 0) continue;
      throw new GirderError("user-exception", `A function of this stage ${what}, of "${pcollection}".`, {
        where: this.#stage.transforms.join(", "),
        remedy: "Elements may be shared between transforms and bundles: make a changed copy instead.",
      });
    }
  }

  #copied(result: BundleResult): BundleResult {
    const outputs = result.outputs.map(({ output, batch }) => {
      const { pcollection } = this.#stage.outputs[output]!;
      const seen = this.#seen(pcollection, batch);
      this.#outputs.push(seen);
      const copy = this.codec(pcollection).decode(seen.bytes);
      const { keys } = copy.columns;
      batch.columns.keys?.forEach((key, i) => {
        if (keys?.[i] !== key) throw unstableKey(pcollection, this.#stage);
      });
      return { output, batch: copy };
    });
    return { ...result, outputs };
  }

  codec(pcollection: string): BatchCodec {
    return this.#inner.codec(pcollection);
  }

  close(): void | Promise<void> {
    return this.#inner.close();
  }
}

function unstableKey(pcollection: string, stage: StageDescriptor): GirderError {
  return new GirderError(
    "nondeterministic-key",
    `A key of "${pcollection}" is written as other bytes once it was read.`,
    {
      where: stage.transforms.join(", "),
      remedy: "Write equal keys as equal bytes: map the key to a string or an integer, or correct its coder.",
    },
  );
}
