import assert from "node:assert/strict";
import { type Coder, GLOBAL_WINDOW_CODER, STRING_CODER } from "../../portability/coders/index.js";
import { Batch } from "../../portability/execution/batch.js";
import { NO_FIRING } from "../../portability/execution/pane.js";
import type { BoundedWindow } from "../../portability/execution/window.js";
import { WindowTable } from "../../portability/execution/window-table.js";
import { ElementCodec } from "./element-codec.js";

describe("batches of elements", () => {
  it("are read back from their bytes, also where their size was estimated as more than those", () => {
    const windows = new WindowTable();
    const windowCoder = GLOBAL_WINDOW_CODER as Coder<unknown> as Coder<BoundedWindow>;
    const codec = new ElementCodec(
      STRING_CODER as Coder<unknown>,
      windowCoder,
      () => windows.global,
      () => "Step",
    );
    const batch = new Batch(["a", "b"], undefined, { all: 5 }, { all: windows.global }, { all: NO_FIRING }, 1_000_000);
    const copy = codec.decode(codec.encode(batch));
    assert.deepEqual(copy.columns.refs, ["a", "b"]);
    assert.deepEqual(copy.columns.timestamps, [5, 5]);
    assert.equal(copy.bytes, 1_000_000);
  });

  it("keep what an element does to those before it", () => {
    const windows = new WindowTable();
    const windowCoder = GLOBAL_WINDOW_CODER as Coder<unknown> as Coder<BoundedWindow>;
    const codec = new ElementCodec(
      STRING_CODER as Coder<unknown>,
      windowCoder,
      () => windows.global,
      () => "Step",
    );
    const kinds = [undefined, "UPDATE_BEFORE", "UPDATE_AFTER", "DELETE"] as const;
    const panes = kinds.map((valueKind) => (valueKind === undefined ? NO_FIRING : { ...NO_FIRING, valueKind }));
    const batch = new Batch(["a", "b", "c", "d"], undefined, { all: 5 }, { all: windows.global }, panes, 4);
    assert.deepEqual(codec.decode(codec.encode(batch)).columns.panes, panes);
  });
});
