import assert from "node:assert/strict";
import type { PortableMeasurement, PortableSubject } from "./measure.js";
import { jobText, medianOf } from "./portable-table.js";
import { cpuSecondsOf, peakMemoryOf } from "./process-usage.js";

function measurement(subject: PortableSubject, seconds: number, cpu: number, megabytes: number): PortableMeasurement {
  const peakMemoryBytes = megabytes * 2 ** 20;
  return { job: "group", subject, seconds, elements: 10, peakMemoryBytes, runnerCpuSeconds: cpu };
}

describe("the portable benchmark", () => {
  it("prints what Girder takes as shares of what Prism takes", () => {
    const [girder, prism] = [measurement("girder", 2, 0.5, 100), measurement("prism", 8, 10, 2_000)];
    assert.deepEqual(jobText("group: ten", [girder, prism]).split("\n"), [
      "group: ten",
      "  girder     2.00 s    0.50 CPU s    100 MB",
      "  prism      8.00 s   10.00 CPU s   2000 MB",
      "  girder takes 0.25× the time, 0.05× the CPU and 0.05× the memory of prism",
    ]);
    assert.equal(jobText("group: ten", [prism]).split("\n").length, 2);
  });

  it("takes the median of each figure by itself", () => {
    const all = [measurement("girder", 3, 1, 9), measurement("girder", 1, 3, 5), measurement("girder", 2, 2, 7)];
    assert.deepEqual(medianOf(all), measurement("girder", 2, 2, 7));
  });

  it("reads what Linux says of a process, whatever its name", () => {
    const stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 1000 0 0 0 1234 66 7 8 20 0 11 0 100 1000 200";
    assert.equal(cpuSecondsOf(stat), 13);
    assert.equal(peakMemoryOf("VmPeak:\t  999 kB\nVmHWM:\t  2048 kB\nVmRSS:\t 1 kB\n"), 2 ** 21);
  });
});
