// Groups 10,000 numbers by 100 keys with npm apache-beam, and prints the sizes of the groups: group-by.cjs ENDPOINT.
const beam = require("apache-beam");
const { PortableRunner } = require("apache-beam/runners/portable_runner/runner");

const [jobEndpoint] = process.argv.slice(2);
console.debug = () => undefined;
globalThis.sizes = {};

async function main() {
  const runner = new PortableRunner({ jobEndpoint, environmentType: "LOOPBACK" });
  const pipeline = await runner.runAsync((root) => {
    root
      .apply(beam.impulse())
      .flatMap(beam.withName("Numbers", () => Array.from({ length: 10_000 }, (_, i) => i)))
      .map((i) => ({ key: i % 100, value: i }))
      .apply(beam.groupBy("key"))
      .map(beam.withName("Sizes", (row) => Object.assign(globalThis.sizes, { [row.key]: [...row.value].length })));
  });
  const state = await pipeline.waitUntilFinish();
  if (state !== 3) throw new Error(`The job ended in state ${state}.`);
  console.log(JSON.stringify(globalThis.sizes));
}

main().then(
  () => process.exit(0),
  (thrown) => {
    console.error(thrown);
    process.exit(1);
  },
);
