import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { NO_FIRING } from "../execution/pane.js";
import type { BoundedWindow } from "../execution/window.js";
import { ComponentsSchema } from "../gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { BYTES_CODER } from "./bytes-coder.js";
import type { Coder } from "./coder.js";
import { CoderTable } from "./coder-table.js";
import { GLOBAL_WINDOW_CODER } from "./global-window-coder.js";
import { IterableCoder } from "./iterable-coder.js";
import { JS_VALUE_CODER } from "./js-value-coder.js";
import { KVCoder } from "./kv-coder.js";
import { NullableCoder } from "./nullable-coder.js";
import { ParamWindowedValueCoder } from "./param-windowed-value-coder.js";
import { coderFromProto } from "./standard-coders.js";
import { STRING_CODER } from "./string-coder.js";
import { VARINT_CODER } from "./varint-coder.js";

const kv = () => new KVCoder(STRING_CODER, VARINT_CODER);
const at = (timestamp: number) =>
  new ParamWindowedValueCoder(BYTES_CODER, GLOBAL_WINDOW_CODER as Coder<BoundedWindow>, {
    timestamp,
    windows: [],
    pane: NO_FIRING,
  });

describe("CoderTable", () => {
  it("names coders for what they are, components included", () => {
    const table = new CoderTable();
    assert.equal(table.add(kv()), "c_kv_string_utf8_varint");
    assert.equal(table.add(JS_VALUE_CODER), "c_js");
    assert.deepEqual(Object.keys(table.coders), ["c_string_utf8", "c_varint", "c_kv_string_utf8_varint", "c_js"]);
    const { spec, componentCoderIds } = table.coders["c_kv_string_utf8_varint"]!;
    assert.equal(spec?.urn, "beam:coder:kv:v1");
    assert.deepEqual(componentCoderIds, ["c_string_utf8", "c_varint"]);
  });

  it("gives coders of one specification one id", () => {
    const table = new CoderTable();
    assert.equal(table.add(kv()), table.add(kv()));
    assert.equal(table.add(at(1)), table.add(at(1)));
  });

  it("tells coders apart that differ in their payload only", () => {
    const table = new CoderTable();
    assert.equal(table.add(at(1)), "c_param_windowed_value_bytes_global_window");
    assert.equal(table.add(at(2)), "c_param_windowed_value_bytes_global_window_2");
    assert.equal(Object.keys(table.coders).length, 4);
  });

  it("keeps ids short however deep coders are nested", () => {
    const table = new CoderTable();
    let coder: Coder<unknown> = BYTES_CODER;
    const ids = new Set<string>();
    for (let i = 0; i < 30; i++) {
      coder = new NullableCoder(new IterableCoder(coder)) as Coder<unknown>;
      ids.add(table.add(coder));
    }
    assert.equal(ids.size, 30);
    for (const id of ids) assert.ok(id.length <= 64, id);
  });

  it("depends on the order of additions only", () => {
    const fill = () => {
      const table = new CoderTable();
      for (const coder of [at(3), kv(), at(1), new IterableCoder(kv())]) table.add(coder as Coder<unknown>);
      return table.coders;
    };
    assert.deepEqual(fill(), fill());
  });

  it("is what coders are made from again", () => {
    const table = new CoderTable();
    const id = table.add(new IterableCoder(new KVCoder(at(5), new NullableCoder(kv()))));
    const again = coderFromProto(id, create(ComponentsSchema, { coders: table.coders }));
    assert.equal(table.add(again), id);
  });
});
