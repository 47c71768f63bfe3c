/** The `girder-worker` command: `girder worker` as one program, which is what runners can start. */
import { reportError } from "./report-error.js";
import { workerCommand } from "./worker-command.js";

const argv = process.argv.slice(2);
const named = argv.find((argument) => argument.startsWith("--program="));
await workerCommand(
  argv.filter((argument) => argument !== named),
  named?.slice("--program=".length),
).catch((thrown: unknown) => process.exit(reportError(thrown)));
