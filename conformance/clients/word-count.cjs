// Counts the words of a text with npm apache-beam: word-count.cjs ENDPOINT TEXT OUTPUT.
//
// It writes functions as source text, so that they see nothing but globals; its workers are in this very process.
const { readFileSync, writeFileSync } = require("node:fs");
const beam = require("apache-beam");
const { countPerElement } = require("apache-beam/transforms/group_and_combine");
const { PortableRunner } = require("apache-beam/runners/portable_runner/runner");

const [jobEndpoint, text, output] = process.argv.slice(2);
// What it tells of its progress is nobody's concern.
console.debug = () => undefined;
globalThis.lines = readFileSync(text, "utf8").split("\n");
globalThis.counts = [];

async function main() {
  const runner = new PortableRunner({ jobEndpoint, environmentType: "LOOPBACK" });
  const pipeline = await runner.runAsync((root) => {
    root
      .apply(beam.impulse())
      .flatMap(() => globalThis.lines)
      .flatMap((line) => line.match(/[A-Za-z']+/g) ?? [])
      .apply(countPerElement())
      .map(beam.withName("Keep", (row) => globalThis.counts.push(`${row.element}: ${row.count}`)));
  });
  const state = await pipeline.waitUntilFinish();
  // JobState.Enum.DONE
  if (state !== 3) throw new Error(`The job ended in state ${state}.`);
  writeFileSync(output, `${globalThis.counts.join("\n")}\n`);
}

main().then(
  () => process.exit(0),
  (thrown) => {
    console.error(thrown);
    process.exit(1);
  },
);
