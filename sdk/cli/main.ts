/** The `girder` command. */
import { Command, CommanderError } from "commander";
import { packageVersion } from "../runners/default-image.js";
import type { ExpandOptions } from "./expand-command.js";
import { graphCommand } from "./graph-command.js";
import { reportError, USAGE } from "./report-error.js";
import { runCommand } from "./run-command.js";
import { SERVE_DEFAULTS, type ServeOptions } from "./serve-options.js";

const program = new Command("girder")
  .description("Apache Beam pipelines in TypeScript.")
  .version(packageVersion())
  .exitOverride()
  .enablePositionalOptions();

/** Of an option that may be given several times. */
const several = (value: string, all: string[] = []): string[] => [...all, value];

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

program
  .command("serve")
  .summary("run pipelines of any Beam SDK")
  .description(
    "Serves Beam's job API: Python, Java, Go and other SDKs submit their pipelines to it.\nPrints a line when it accepts jobs, and ends with SIGTERM or Ctrl-C.",
  )
  .option("--job-port <port>", "port to listen on; 0 is any that is free", SERVE_DEFAULTS.jobPort)
  .option("--host <address>", "address to listen on", SERVE_DEFAULTS.host)
  .option("--allow-remote", "listen on an address that other machines can reach: whoever reaches it can run code")
  .option("--staging-directory <folder>", "where artifacts of jobs are kept (default: the system's temporary folder)")
  .option("--keep-jobs <count>", "how many jobs that have ended are kept, with their files", SERVE_DEFAULTS.keepJobs)
  .option("--keep-jobs-for <time>", "for how long: 90s, 30m, 24h, 7d", SERVE_DEFAULTS.keepJobsFor)
  .option("--memory-budget <size>", "memory of a job; more is spilled to disk", SERVE_DEFAULTS.memoryBudget)
  .option(
    "--bundle-attempts <count>",
    "how often a bundle lost with its worker is tried",
    SERVE_DEFAULTS.bundleAttempts,
  )
  .option(
    "--stuck-after <time>",
    "how long a bundle may go without moving before its worker is asked why; 0s: for ever",
    SERVE_DEFAULTS.stuckAfter,
  )
  .option("--expansion-port <port>", "also lend the transforms of --register, on this port")
  .option("--register <program>", "a program whose transforms are lent; may be given several times", several)
  .action(async (options: ServeOptions) => {
    const { serveCommand } = await import("./serve-command.js");
    await serveCommand(options);
  });

program
  .command("expansion-service")
  .summary("lend a program's transforms to other SDKs")
  .description(
    "Serves Beam's expansion API for the transforms that programs register (registerTransform of girder/expansion), and\nworkers for their functions. Prints a line when it can be asked, and ends with SIGTERM or Ctrl-C.",
  )
  .argument("<programs...>", "the programs that register them: .ts, .js or .mjs files")
  .option("--port <port>", "port to listen on; 0 is any that is free", "8097")
  .option("--host <address>", "address to listen on", "127.0.0.1")
  .action(async (programs: string[], options: { port: string; host: string }) => {
    const { expansionServiceCommand } = await import("./expansion-service-command.js");
    await expansionServiceCommand(programs, options);
  });

program
  .command("expand")
  .summary("use transforms of other SDKs")
  .command("generate")
  .summary("write functions for the transforms of an expansion service")
  .description(
    "Writes a TypeScript module with a function for each transform that an expansion service describes by a schema, and the\ntype of its configuration.",
  )
  .option("--service <address>", "host:port of a service that runs")
  .option("--jar <file>", "a jar with a service of Java and all that it needs")
  .option("--class-path <files>", "jars and folders of classes with a service of Java, with colons between")
  .option("--maven <artifact>", "group:artifact:version that Maven is to get; may be given several times", several)
  .option("--python <interpreter>", "an interpreter, or the folder of a virtual environment, with apache-beam")
  .option("--module <name>", "with --python, the module that is the service")
  .option("--arg <argument>", "a further argument of a service that is started; may be given several times", several)
  .option("--only <pattern>", "only transforms whose identifiers match this regular expression")
  .option("--out <file>", "the file to write (default: the standard output)")
  .action(async (options: ExpandOptions) => {
    const { expandGenerateCommand } = await import("./expand-command.js");
    await expandGenerateCommand(options);
  });

program
  .command("worker-pool")
  .summary("keep workers for a pipeline's functions")
  .description(
    "Serves Beam's worker pool API: runners start workers there for pipelines that were submitted with\n--environment-type=EXTERNAL. Prints a line when it can be asked, and ends with SIGTERM or Ctrl-C.",
  )
  .argument(
    "[program]",
    "the program whose functions its workers have (default: the one that a job was submitted with)",
  )
  .option("--port <port>", "port to listen on; 0 is any that is free", "50000")
  .option("--host <address>", "address to listen on", "localhost")
  .action(async (file: string | undefined, options: { port: string; host: string }) => {
    const { workerPoolCommand } = await import("./worker-pool-command.js");
    await workerPoolCommand(file === undefined ? options : { ...options, program: file });
  });

program
  .command("worker")
  .summary("be a worker that a runner has started")
  .description("Runs a pipeline's functions for the runner that its flags name, until that ends it.")
  .argument("[flags...]", "the flags of Beam's contract: --id, --provision_endpoint, …")
  .option("--program <file>", "the program that has the functions (default: the one that the job was submitted with)")
  .allowUnknownOption()
  .action(async (flags: string[], { program: file }: { program?: string }) => {
    const { workerCommand } = await import("./worker-command.js");
    const named = file === undefined ? [] : [`--program=${file}`];
    await workerCommand(flags, [process.argv[1]!, "worker", ...named], file);
  });

program
  .command("container")
  .summary("make images whose containers are workers")
  .description("Images for pipelines that are submitted with --environment-type=DOCKER.")
  .command("build")
  .summary("build an image")
  .description(
    "Builds an image with Girder, and with the packages of a program if one is named. A program's own code need not be in it: it comes with\neach job. Packages that programs leave out of their file (--worker-external) must.",
  )
  .argument("[program]", "the program whose package's dependencies become part of the image")
  .option("--tag <image>", "what the image is called (default: girder-worker, with this version)")
  .option(
    "--base <image>",
    "an image with Node 20 or later (default: the official one of this Node, node:VERSION-slim)",
  )
  .option("--output <folder>", "only write the Dockerfile and what it needs, to build it elsewhere")
  .action(async (file: string | undefined, options: { tag?: string; base?: string; output?: string }) => {
    const { containerBuildCommand } = await import("./container/container-command.js");
    await containerBuildCommand(file, options);
  });

function exitBecauseOf(thrown: unknown): never {
  // Commander has printed its message, or what was asked of it.
  const code = !(thrown instanceof CommanderError) ? reportError(thrown) : thrown.exitCode === 0 ? 0 : USAGE;
  // What the program has left running, such as a request that nobody waits for any more, does not keep the process.
  process.exit(code);
}

// A program may run its pipeline without waiting for it.
process.on("unhandledRejection", exitBecauseOf);
await program.parseAsync().catch(exitBecauseOf);
