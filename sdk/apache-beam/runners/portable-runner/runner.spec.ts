import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type ExecutingServer, startExecutingServer } from "../../../../runner/job/testing-server.js";
import * as beam from "../../index.js";
import { assertDeepEqual } from "../../testing/assert.js";
import { PortableRunner } from "./runner.js";

const ROOT = fileURLToPath(new URL("../../../../../", import.meta.url));

/** Leans on all that stands between the official API and functions that a worker has to find. */
const PROGRAM = `
import { capture } from "girder";
import Long from "long";
import * as beam from "girder/apache-beam";
import { registerLogicalType, RowCoder } from "girder/apache-beam/coders/row_coder";
import { PortableRunner } from "girder/apache-beam/runners/portable_runner/runner";
import { assertDeepEqual } from "girder/apache-beam/testing/assert";
import * as combiners from "girder/apache-beam/transforms/combiners";

const submitter = capture(() => process.pid);
class Tag {
  process(word, { seen, at }) {
    seen.increment();
    return [{ word, at: at.lookup().toNumber(), here: process.pid === submitter }];
  }
}
class Money { constructor(cents) { this.cents = cents; } }
registerLogicalType({
  urn: "girder:test:shipped:v1",
  reprType: RowCoder.inferTypeFromJSON(0, false),
  toRepr: (money) => money.cents,
  fromRepr: (cents) => new Money(cents),
});

const result = await new PortableRunner({ jobEndpoint: process.argv[2], environmentType: process.argv[3] }).run((root) => {
  const side = root.apply(beam.create([10]));
  const words = root.apply(beam.create(["a", "b", "b"]))
    .apply(beam.assignTimestamps((word) => Long.fromNumber(word.charCodeAt(0))))
    .map((word, { ten }) => word + ten.lookup(), { ten: beam.singletonSideInput(side) })
    .apply(beam.parDo(new Tag(), { seen: beam.counter("seen"), at: beam.timestampParam() }));
  words
    .apply(beam.groupBy("word").combining("at", combiners.max, "at").combining("here", (a, b) => a || b, "here")
      .combining((row) => row.word, combiners.count, "count"))
    .apply(assertDeepEqual([
      { word: "a10", at: 97, here: process.argv[3] === "LOOPBACK", count: 1 },
      { word: "b10", at: 98, here: process.argv[3] === "LOOPBACK", count: 2 },
    ]));
  root.apply(beam.create([new Money(1), new Money(2)], false))
    .apply(beam.withRowCoder({ beamLogicalType: "girder:test:shipped:v1" }))
    .apply(beam.groupBy((money) => money instanceof Money))
    .map(({ key, value }) => [key, value.map((money) => money.cents).sort()])
    .apply(assertDeepEqual([[true, [1, 2]]]));
});
console.log(JSON.stringify(await result.counters()));
`;

describe("a program of the official API on a job service", function () {
  this.timeout(60_000);
  let server: ExecutingServer;
  let folder: string;

  before(async () => {
    server = await startExecutingServer();
    folder = await mkdtemp(join(tmpdir(), "girder-door-spec-"));
    await mkdir(join(folder, "node_modules"));
    await symlink(ROOT, join(folder, "node_modules/girder"));
    await symlink(join(ROOT, "node_modules/long"), join(folder, "node_modules/long"));
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
    await writeFile(join(folder, "program.js"), PROGRAM);
  });

  after(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  it("is run by PortableRunner, given an address", async () => {
    await new PortableRunner(server.address).run((root) => {
      root
        .apply(beam.create(["a", "b", "a"]))
        .apply(beam.countPerElement())
        .apply(
          assertDeepEqual([
            { element: "a", count: 2 },
            { element: "b", count: 1 },
          ]),
        );
    });
  });

  for (const type of ["LOOPBACK", "PROCESS"]) {
    it(`finds its functions in a worker of the kind ${type}`, async () => {
      const args = [join(folder, "program.js"), server.address, type];
      const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
      assert.deepEqual(JSON.parse(stdout.trim().split("\n").at(-1)!), { seen: 3, success: 2 });
    });
  }
});
