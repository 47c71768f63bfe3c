/**
 * `npm run conformance -- COMMAND`:
 *
 * - `typescript [--only NAME] [--json FILE] [--write-scoreboard]` runs our own suite on the embedded runner.
 * - `prism-prepare [PROGRAM…]` has Beam's Prism judge our pipeline protos.
 */
import { prismPrepareCommand } from "./prism/prepare-command.js";
import { typescriptCommand } from "./typescript/command.js";

const COMMANDS: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  typescript: typescriptCommand,
  "prism-prepare": prismPrepareCommand,
};

const [name = "", ...args] = process.argv.slice(2);
const command = COMMANDS[name];
if (command === undefined) {
  console.error(`There is no command "${name}". Use one of: ${Object.keys(COMMANDS).join(", ")}.`);
  process.exitCode = 2;
} else process.exitCode = await command(args);
