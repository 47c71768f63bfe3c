import assert from "node:assert/strict";
import { parseDriverOptions, variantOf } from "./driver-options.js";

describe("options of the drivers", () => {
  it("are those of an ordinary run on Girder by default", () => {
    const options = parseDriverOptions([], 60);
    assert.deepEqual(
      [options.subject, options.environment, options.timeout, options.endpoint, options.only],
      ["girder", "LOOPBACK", 60, undefined, undefined],
    );
    assert.deepEqual(variantOf(options), ["LOOPBACK"]);
  });

  it("that change how pipelines run make a variant", () => {
    const options = parseDriverOptions(["--environment", "EXTERNAL", "--pre-optimize=none", "--streaming"], 60);
    assert.deepEqual(variantOf(options), ["EXTERNAL", "pre-optimize-none", "streaming"]);
  });

  it("are refused where they are wrong, with what would be right", () => {
    for (const [args, message] of [
      [["--subject", "spark"], /--subject is spark.*girder, prism, python, flink/],
      [["--environment=DOCKER"], /LOOPBACK, EXTERNAL, PROCESS/],
      [["--timeout=0"], /whole number above zero/],
      [["--only=("], /no regular expression/],
      [["--endpont=localhost:1"], /--endpont/],
    ] as const) {
      assert.throws(() => parseDriverOptions(args, 60), { code: "invalid-option", message });
    }
  });
});
