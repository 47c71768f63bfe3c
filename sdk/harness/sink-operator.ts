/** Where a PCollection leaves its stage. */
import type { KeyIdentity } from "../../portability/execution/key-identity.js";
import { BatchBuilder } from "./batch-builder.js";
import type { OutputMeter } from "./bundle.js";
import type { Cursor } from "./cursor.js";
import type { Operator } from "./operator.js";

export class SinkOperator implements Operator {
  readonly builder: BatchBuilder;

  constructor(identity: ((key: unknown) => KeyIdentity) | undefined, meter: OutputMeter) {
    this.builder = new BatchBuilder(identity, meter);
  }

  process(value: unknown, cursor: Cursor): void {
    this.builder.append(value, cursor);
  }
}
