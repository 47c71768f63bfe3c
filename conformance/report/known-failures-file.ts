/** Reads and writes the lists of known failures. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../root.js";
import type { KnownFailure } from "./known-failures.js";

function fileOf(suite: string): string {
  return join(ROOT, "conformance", suite, "known-failures.json");
}

/** What is known to fail of a suite, by the name of its folder. */
export function knownFailures(suite: string): readonly KnownFailure[] {
  return JSON.parse(readFileSync(fileOf(suite), "utf8")) as KnownFailure[];
}

export function writeKnownFailures(suite: string, list: readonly KnownFailure[]): void {
  writeFileSync(fileOf(suite), `${JSON.stringify(list, undefined, 2)}\n`);
}
