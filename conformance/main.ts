/**
 * `npm run conformance -- COMMAND`:
 *
 * - `typescript [--runner embedded|portable] [--subject NAME] [--endpoint H:P] [--only NAME] [--json FILE] [--write-scoreboard]` runs
 *   our own suite on the embedded runner, or on a job service with the functions in this process.
 * - `python|go|java [--endpoint H:P] [--subject NAME] [--only PATTERN] [--json FILE] …` runs the suites of Beam's SDKs on a job
 *   service: see docs/conformance.md.
 * - `clients|load [--endpoint H:P] [--subject NAME] [--only PATTERN] [--json FILE]` runs programs of all SDKs, and many at once.
 * - `apache-beam [--only PATTERN] [--json FILE]` runs the official TypeScript SDK's own programs on `girder/apache-beam`.
 * - `prism-prepare [PROGRAM…]` has Beam's Prism judge our pipeline protos.
 */
import { apacheBeamSuite } from "./apache-beam/apache-beam-suite.js";
import { clientsSuite } from "./clients/clients-suite.js";
import { suiteCommand } from "./driver/suite-command.js";
import { goSuite } from "./go/go-suite.js";
import { javaSuite } from "./java/java-suite.js";
import { loadSuite } from "./load/load-suite.js";
import { prismPrepareCommand } from "./prism/prepare-command.js";
import { pythonSuite } from "./python/python-suite.js";
import { typescriptCommand } from "./typescript/command.js";

const COMMANDS: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  typescript: typescriptCommand,
  python: (args) => suiteCommand(pythonSuite, args),
  go: (args) => suiteCommand(goSuite, args),
  java: (args) => suiteCommand(javaSuite, args),
  clients: (args) => suiteCommand(clientsSuite, args),
  load: (args) => suiteCommand(loadSuite, args),
  "apache-beam": (args) => suiteCommand(apacheBeamSuite, args),
  "prism-prepare": prismPrepareCommand,
};

const [name = "", ...args] = process.argv.slice(2);
const command = COMMANDS[name];
if (command === undefined) {
  console.error(`There is no command "${name}". Use one of: ${Object.keys(COMMANDS).join(", ")}.`);
  process.exitCode = 2;
} else process.exitCode = await command(args);
