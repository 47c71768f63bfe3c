/**
 * `npm run bench -- [OPTION…]` runs the jobs of the embedded runner, `npm run bench -- portable [OPTION…]` those of the portable
 * one, `npm run bench -- nexmark [OPTION…]` streams and the queries of Nexmark, `npm run bench -- latency [OPTION…]` how long elements
 * are on their way, `npm run bench -- elsewhere [OPTION…]` our SDK beside Python's on Prism, `npm run bench -- worker-start [OPTION…]`
 * how long workers take to start; what they are and how they are measured is in `embedded.ts`, `portable/command.ts`,
 * `nexmark/command.ts`, `latency/command.ts`, `elsewhere/command.ts` and `worker-start/command.ts`.
 */
const [name, ...args] = process.argv.slice(2);
if (name === "portable") {
  const { portableCommand } = await import("./portable/command.js");
  process.exitCode = await portableCommand(args);
} else if (name === "nexmark") {
  const { nexmarkCommand } = await import("./nexmark/command.js");
  process.exitCode = nexmarkCommand(args);
} else if (name === "latency") {
  const { latencyCommand } = await import("./latency/command.js");
  process.exitCode = await latencyCommand(args);
} else if (name === "elsewhere") {
  const { elsewhereCommand } = await import("./elsewhere/command.js");
  process.exitCode = await elsewhereCommand(args);
} else if (name === "worker-start") {
  const { workerStartCommand } = await import("./worker-start/command.js");
  process.exitCode = await workerStartCommand(args);
} else await import("./embedded.js");
