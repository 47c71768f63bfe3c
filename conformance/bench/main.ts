/**
 * `npm run bench -- [OPTION…]` runs the jobs of the embedded runner, `npm run bench -- portable [OPTION…]` those of the portable
 * one; what they are and how they are measured is in `embedded.ts` and `portable/command.ts`.
 */
const [name, ...args] = process.argv.slice(2);
if (name === "portable") {
  const { portableCommand } = await import("./portable/command.js");
  process.exitCode = await portableCommand(args);
} else await import("./embedded.js");
