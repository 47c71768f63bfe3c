/** Writes the scoreboard. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../root.js";
import { readResults } from "./results.js";
import { scoreboard } from "./scoreboard.js";

/** `conformance/SCOREBOARD.md`, which is made of the results that are kept. */
export const SCOREBOARD = join(ROOT, "conformance", "SCOREBOARD.md");

export function writeScoreboard(): void {
  writeFileSync(SCOREBOARD, scoreboard(readResults()));
}
