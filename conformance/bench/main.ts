/**
 * `npm run bench -- [OPTION…]` runs the jobs of the embedded runner, `npm run bench -- portable [OPTION…]` those of the portable
 * one, `npm run bench -- nexmark [OPTION…]` streams and the queries of Nexmark; what they are and how they are measured is in
 * `embedded.ts`, `portable/command.ts` and `nexmark/command.ts`.
 */
const [name, ...args] = process.argv.slice(2);
if (name === "portable") {
  const { portableCommand } = await import("./portable/command.js");
  process.exitCode = await portableCommand(args);
} else if (name === "nexmark") {
  const { nexmarkCommand } = await import("./nexmark/command.js");
  process.exitCode = nexmarkCommand(args);
} else await import("./embedded.js");
