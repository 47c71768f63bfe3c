import assert from "node:assert/strict";
import { GirderError } from "../../portability/errors.js";
import type { Environment } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { AnyOfLauncher } from "./any-of-launcher.js";
import { launchedWorker } from "./launched-worker.js";
import type { Launcher, WorkerToLaunch } from "./launcher.js";
import { launcherFor } from "./launcher-for.js";
import { anyOf, external, ofUrn, processOf } from "./testing/environments.js";
import { failure } from "./testing/failures.js";

const ENDPOINTS = { control: "h:1", logging: "h:2", artifact: "h:3", provision: "h:4" };
const worker = (id: string, signal = new AbortController().signal): WorkerToLaunch => ({
  id,
  endpoints: ENDPOINTS,
  signal,
});

/** An alternative that can be made to work or not; it says what it launches. */
class Alternative implements Launcher {
  readonly environment: Environment;
  works = true;

  constructor(
    readonly urn: string,
    readonly launched: string[],
  ) {
    this.environment = ofUrn(urn);
  }

  async launch({ id, signal }: WorkerToLaunch) {
    await Promise.resolve();
    this.launched.push(`${id} ${this.urn}`);
    if (!this.works) throw new GirderError("io", `${this.urn} is broken.`);
    return launchedWorker(signal, async () => undefined);
  }
}

describe("alternatives", () => {
  function two() {
    const launched: string[] = [];
    const [a, b] = [new Alternative("a", launched), new Alternative("b", launched)];
    return { a, b, launched, either: new AnyOfLauncher([a, b]) };
  }

  it("are tried in order until one works, which is kept", async () => {
    const { a, launched, either } = two();
    a.works = false;
    assert.equal(either.environment.urn, "a");
    await either.launch(worker("1"));
    assert.equal(either.environment.urn, "b");
    a.works = true;
    await either.launch(worker("2"));
    assert.deepEqual(launched, ["1 a", "1 b", "2 b"]);
  });

  it("are tried by one worker at a time, so that all are alike", async () => {
    const { a, launched, either } = two();
    a.works = false;
    await Promise.all(["1", "2", "3"].map((id) => either.launch(worker(id))));
    assert.deepEqual(launched, ["1 a", "1 b", "2 b", "3 b"]);
  });

  it("fail for good when the chosen one does", async () => {
    const { a, launched, either } = two();
    await either.launch(worker("1"));
    a.works = false;
    await assert.rejects(either.launch(worker("2")), failure("io", /^\[io\] a is broken/));
    assert.deepEqual(launched, ["1 a", "2 a"]);
  });

  it("fail together with all reasons, and are tried anew by the next worker", async () => {
    const { a, b, launched, either } = two();
    a.works = b.works = false;
    const reasons = failure("io", /None of the 2/, /a is broken/, /b is broken/);
    await Promise.all(["1", "2"].map((id) => assert.rejects(either.launch(worker(id)), reasons)));
    a.works = true;
    await either.launch(worker("3"));
    assert.deepEqual(launched, ["1 a", "1 b", "2 a", "2 b", "3 a"]);
  });

  it("are not tried on when the launch is cancelled", async () => {
    const { a, launched, either } = two();
    a.works = false;
    const cancel = new AbortController();
    const launch = assert.rejects(either.launch(worker("1", cancel.signal)), failure("cancelled"));
    cancel.abort();
    await launch;
    assert.deepEqual(launched, ["1 a"]);
  });

  it("fall back from a pool that is not there to a program that is", async function () {
    if (process.platform === "win32") this.skip();
    const pool = external({ endpoint: { url: "127.0.0.1:1" } });
    const launcher = launcherFor(anyOf(processOf({ command: "true" }), pool), { poolTimeout: 300 });
    assert.deepEqual(launcher.environment, pool);
    const launched = await launcher.launch(worker("w-1"));
    assert.match(await launched.exited, /true ended with exit code 0/);
    assert.deepEqual(launcher.environment, processOf({ command: "true" }));
    await launched.stop();
  });
});
