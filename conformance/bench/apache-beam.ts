/** Loads npm `apache-beam`, which is installed beside this file and not with the package. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import type { ApacheBeam } from "./job.js";

/** Where the official SDK is installed: `npm ci` in this folder. */
export const OFFICIAL = resolve(import.meta.dirname, "..", "..", "..", "conformance", "bench", "official");

/** Its names, and the two sources that the jobs need, written as its documentation writes sources. */
export function loadApacheBeam(): ApacheBeam {
  const require = createRequire(resolve(OFFICIAL, "package.json"));
  const beam = require("apache-beam") as ApacheBeam;
  const inside = (path: string): ApacheBeam => require(`apache-beam/${path}`) as ApacheBeam;
  return {
    ...beam,
    ...inside("transforms/combiners"),
    directRunner: inside("runners/direct_runner")["directRunner"],
    sequence: (root: AnyRoot) =>
      root.apply(beam["impulse"]()).flatMap(function* numbers() {
        for (let i = 0; i < globalThis.bench.elements; i++) yield i;
      }),
    lines: (root: AnyRoot) => root.apply(beam["impulse"]()).flatMap(() => globalThis.bench.lines()),
  };
}

interface AnyRoot {
  apply(transform: unknown): { flatMap(fn: unknown): unknown };
}

/**
 * What the functions of the official SDK's jobs refer to. It writes functions as source text and evaluates that, so that
 * they see nothing but globals where its compiler plugin was not used.
 */
export interface BenchGlobals {
  readonly elements: number;
  /** Returns something: the official SDK writes every output with a coder. */
  readonly report: (partial: number) => number;
  readonly lines: () => string[];
  readonly data: typeof import("./jobs/data.js");
  /** Reports the size of a group: its map must be shorter than what the official SDK takes for a name. */
  readonly size: (row: { readonly value: readonly unknown[] }) => number;
  /** Event time as the official SDK takes it. */
  readonly timestamp: (i: number) => unknown;
}

declare global {
  var bench: BenchGlobals;
}

export async function provideGlobals(elements: number, report: (partial: number) => void): Promise<void> {
  const data = await import("./jobs/data.js");
  const { textFile } = await import("./jobs/text.js");
  const lines = (): string[] => readFileSync(textFile(elements), "utf8").split("\n");
  const Long = createRequire(resolve(OFFICIAL, "package.json"))("long") as { fromNumber(n: number): unknown };
  const timestamp = (i: number): unknown => Long.fromNumber(data.timestampOf(i));
  const size = (row: { readonly value: readonly unknown[] }): number => {
    report([...row.value].length);
    return 0;
  };
  const reporting = (partial: number): number => {
    report(partial);
    return 0;
  };
  globalThis.bench = { elements, report: reporting, data, lines, size, timestamp };
}
