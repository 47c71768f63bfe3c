import assert from "node:assert/strict";
import { bootArguments, bootFlags } from "./boot-flags.js";

describe("the flags of Beam's contract", () => {
  it("say who the worker is and where its runner is, quoted or not, among others", () => {
    const flags = bootFlags(["--id='w 1'", "--provision_endpoint=h:1", "--other=x", "--control_endpoint", "h:2"]);
    assert.deepEqual(flags, {
      id: "w 1",
      provision: "h:1",
      control: "h:2",
      logging: "",
      artifact: "",
      semiPersistDir: "/tmp",
    });
  });

  it("can be written for another worker", () => {
    const argv = ["--id=a", "--provision_endpoint=h:1", "--logging_endpoint=h:3", "--semi_persist_dir=/var"];
    assert.deepEqual(bootFlags(bootArguments(bootFlags(argv), "b")), { ...bootFlags(argv), id: "b" });
  });

  it("must say enough", () => {
    assert.throws(() => bootFlags(["--provision_endpoint=h:1"]), { code: "invalid-option", message: /--id/ });
    assert.throws(() => bootFlags(["--id=a"]), { code: "invalid-option", message: /--provision_endpoint/ });
    assert.equal(bootFlags(["--id=a", "--control_endpoint=h:1"]).control, "h:1");
  });
});
