/** Reads and writes the lists of known failures. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../root.js";
import type { KnownFailure } from "./known-failures.js";

/** Whose runner a list is of that is not Girder's. */
export type ForeignSubject = "prism" | "python" | "flink";

function fileOf(suite: string, subject?: ForeignSubject): string {
  const name = subject === undefined ? "known-failures.json" : `known-failures-${subject}.json`;
  return join(ROOT, "conformance", suite, name);
}

/** What is known to fail of a suite, by the name of its folder. @param subject Default: on Girder. */
export function knownFailures(suite: string, subject?: ForeignSubject): readonly KnownFailure[] {
  return JSON.parse(readFileSync(fileOf(suite, subject), "utf8")) as KnownFailure[];
}

export function writeKnownFailures(suite: string, list: readonly KnownFailure[], subject?: ForeignSubject): void {
  writeFileSync(fileOf(suite, subject), `${JSON.stringify(list, undefined, 2)}\n`);
}
