/** A sink for a runner in the same process: it gathers what leaves the stage in batches. */
import type { KeyIdentity } from "../../portability/execution/key-identity.js";
import { BatchBuilder } from "./batch-builder.js";
import type { OutputMeter } from "./bundle.js";
import type { Cursor } from "./cursor.js";
import { SinkOperator } from "./sink-operator.js";

export class BatchSink extends SinkOperator {
  readonly builder: BatchBuilder;

  constructor(identity: ((key: unknown) => KeyIdentity) | undefined, meter: OutputMeter) {
    super();
    this.builder = new BatchBuilder(identity, meter);
    if (identity !== undefined) {
      this.processKeyed = (key, value, cursor) => this.builder.appendKeyed(key, value, cursor);
    }
  }

  process(value: unknown, cursor: Cursor): void {
    this.builder.append(value, cursor);
  }
}
