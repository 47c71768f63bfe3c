/** The `girder` command. */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { graphCommand } from "./graph-command.js";
import { reportError, USAGE } from "./report-error.js";
import { runCommand } from "./run-command.js";

const { version } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const program = new Command("girder")
  .description("Apache Beam pipelines in TypeScript.")
  .version(version)
  .exitOverride()
  .enablePositionalOptions();

program
  .command("run")
  .summary("run a pipeline")
  .description(
    "Runs the pipeline that a program builds. Options after the program are the program's and the runner's; see\n`girder run PROGRAM --help`.",
  )
  .argument("<program>", "a .ts, .js or .mjs file that calls run()")
  .argument("[options...]", "options of the program and the runner")
  .allowUnknownOption()
  .passThroughOptions()
  .action(async (file: string, argv: string[]) => runCommand(file, argv));

program
  .command("graph")
  .summary("show a pipeline without running it")
  .description(
    "Shows the pipeline that a program builds, or the stages that the runner makes of it.\nOptions that are not listed here are the program's; after -- all are.",
  )
  .argument("<program>", "a .ts, .js or .mjs file that calls run()")
  .argument("[options...]", "options of the program")
  .option("--stages", "show fused stages instead of transforms")
  .option("--format <format>", "text, mermaid or json", "text")
  .option("--proto <file>", "write the Beam pipeline proto to a file instead")
  .allowUnknownOption()
  .action(async (file: string, argv: string[], options: { stages?: boolean; format: string; proto?: string }) =>
    graphCommand(file, argv, options),
  );

function exitBecauseOf(thrown: unknown): never {
  // Commander has printed its message, or what was asked of it.
  const code = !(thrown instanceof CommanderError) ? reportError(thrown) : thrown.exitCode === 0 ? 0 : USAGE;
  // What the program has left running, such as a request that nobody waits for any more, does not keep the process.
  process.exit(code);
}

// A program may run its pipeline without waiting for it.
process.on("unhandledRejection", exitBecauseOf);
await program.parseAsync().catch(exitBecauseOf);
