/**
 * `npm run conformance -- COMMAND`:
 *
 * - `typescript [--only NAME] [--json FILE] [--write-scoreboard]` runs our own suite on the embedded runner.
 */
import { typescriptCommand } from "./typescript/command.js";

const COMMANDS: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  typescript: typescriptCommand,
};

const [name = "", ...args] = process.argv.slice(2);
const command = COMMANDS[name];
if (command === undefined) {
  console.error(`There is no command "${name}". Use one of: ${Object.keys(COMMANDS).join(", ")}.`);
  process.exitCode = 2;
} else process.exitCode = await command(args);
