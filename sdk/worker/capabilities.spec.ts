import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { coderFromProto } from "../../portability/coders/index.js";
import { JS_VALUE_URN } from "../../portability/coders/js-value-tags.js";
import type { GirderError } from "../../portability/errors.js";
import { StandardCoders } from "../../portability/urns.js";
import { dockerEnvironment, externalEnvironment, processEnvironment } from "../runners/portable/environments.js";
import { STARTED_CAPABILITIES, WORKER_CAPABILITIES } from "./capabilities.js";

/** What is announced beside coders, and what shows it: a spec, and the name of one of its tests. */
const SHOWN: Readonly<Record<string, readonly [spec: string, test: string]>> = {
  "beam:protocol:progress_reporting:v1": ["fn-api-worker", "says how far it has come"],
  "beam:protocol:worker_status:v1": ["fn-api-worker", "says what it is doing"],
  "beam:protocol:control_request_elements_embedding:v1": [
    "fn-api-worker",
    "bundles whose data come with the instruction",
  ],
  "beam:protocol:state_caching:v1": ["keyed-stages", "keeps what it has read and written while the runner's token"],
  "beam:protocol:data_sampling:v1": ["fn-api-worker", "gives elements that have come and gone, and the one that made"],
  "beam:protocol:multimap_state:v1": ["keyed-stages", "asks for entries of maps and ranges of lists"],
  "beam:protocol:ordered_list_state:v1": ["keyed-stages", "asks for entries of maps and ranges of lists"],
  "beam:transform:sdf_truncate_sized_restrictions:v1": ["runner-made-transforms", "and truncates them"],
  "beam:transform:to_string:v1": ["runner-made-transforms", "writes values as strings"],
  "girder:combinefn:packed:v1": ["runner-made-transforms", "combines by several CombineFns at once"],
};

describe("what workers announce", () => {
  const coders: readonly string[] = Object.values(StandardCoders.Enum);
  const others = (capabilities: readonly string[]): string[] =>
    capabilities.filter((urn) => !coders.includes(urn) && urn !== JS_VALUE_URN).sort();

  it("is shown by tests, each of it", () => {
    assert.deepEqual(others(WORKER_CAPABILITIES), Object.keys(SHOWN).sort());
    for (const [urn, [spec, test]] of Object.entries(SHOWN)) {
      const text = readFileSync(new URL(`./${spec}.spec.js`, import.meta.url), "utf8");
      assert.ok(text.includes(`it("`) && text.includes(test), `${urn}: ${spec}.spec.ts has no test "${test}"`);
    }
  });

  it("is every standard coder but that of iterables whose rest the runner has", () => {
    const announced = WORKER_CAPABILITIES.filter((urn) => coders.includes(urn));
    assert.deepEqual(
      coders.filter((urn) => !announced.includes(urn)),
      [StandardCoders.Enum.STATE_BACKED_ITERABLE],
    );
    for (const urn of [...announced, JS_VALUE_URN]) assert.ok(isKnown(urn), urn);
  });

  it("is said of each environment, and of those that are processes that they start others", () => {
    const sibling = "beam:protocol:sibling_workers:v1";
    assert.deepEqual(externalEnvironment("h:1").capabilities, WORKER_CAPABILITIES);
    for (const { capabilities } of [processEnvironment("worker"), dockerEnvironment("image")]) {
      assert.deepEqual(capabilities, STARTED_CAPABILITIES);
    }
    assert.deepEqual(others(STARTED_CAPABILITIES), [...others(WORKER_CAPABILITIES), sibling].sort());
  });
});

/** Whether there is a coder of a URN: one that is refused is refused for its payload or its components. */
function isKnown(urn: string): boolean {
  const spec = { urn, payload: new Uint8Array() };
  try {
    coderFromProto("c", {
      coders: { c: { $typeName: "org.apache.beam.model.pipeline.v1.Coder", spec, componentCoderIds: [] } },
    } as never);
    return true;
  } catch (thrown) {
    return (thrown as GirderError).code !== "unsupported";
  }
}
