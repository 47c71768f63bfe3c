/** The `girder-worker` command: `girder worker` as one program, which is what runners can start. */
import { reportError } from "./report-error.js";
import { workerCommand } from "./worker-command.js";

const argv = process.argv.slice(2);
const named = argv.filter((argument) => argument.startsWith("--program="));
await workerCommand(
  argv.filter((argument) => !named.includes(argument)),
  [process.argv[1]!, ...named],
  named[0]?.slice("--program=".length),
).catch((thrown: unknown) => process.exit(reportError(thrown)));
