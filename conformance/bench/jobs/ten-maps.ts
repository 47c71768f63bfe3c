import { generateSequence } from "girder";
import type { Job } from "../job.js";
import { TEN } from "./data.js";

/** Ten functions, one after the other, over each number. */
export const tenMapsJob: Job = {
  name: "ten-maps",
  elements: 40_000_000,
  elementsForBeam: 500_000,
  loop(elements) {
    const [a, b, c, d, e, f, g, h, i, j] = TEN as readonly [F, F, F, F, F, F, F, F, F, F];
    let total = 0;
    for (let n = 0; n < elements; n++) total += j(i(h(g(f(e(d(c(b(a(n)))))))))) & 1;
    return total;
  },
  girder(pipeline, elements, report) {
    let numbers = pipeline.apply(generateSequence({ to: elements }));
    for (const fn of TEN) numbers = numbers.map(fn);
    numbers.map("Report", (x) => report(x & 1));
  },
  async apacheBeam(beam) {
    await beam["directRunner"]().run((root: never) =>
      beam["sequence"](root)
        .map((x: number) => globalThis.bench.data.TEN[0]!(x))
        .map((x: number) => globalThis.bench.data.TEN[1]!(x))
        .map((x: number) => globalThis.bench.data.TEN[2]!(x))
        .map((x: number) => globalThis.bench.data.TEN[3]!(x))
        .map((x: number) => globalThis.bench.data.TEN[4]!(x))
        .map((x: number) => globalThis.bench.data.TEN[5]!(x))
        .map((x: number) => globalThis.bench.data.TEN[6]!(x))
        .map((x: number) => globalThis.bench.data.TEN[7]!(x))
        .map((x: number) => globalThis.bench.data.TEN[8]!(x))
        .map((x: number) => globalThis.bench.data.TEN[9]!(x))
        .map((x: number) => globalThis.bench.report(x & 1)),
    );
  },
};

type F = (x: number) => number;
