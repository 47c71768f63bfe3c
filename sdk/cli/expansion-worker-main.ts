/** A worker for transforms that an expansion service has lent: see `lent-transforms.ts`. */
import { expandedAgain } from "../expansion/expanded-again.js";
import { serveFunctions } from "../runners/worker-mode.js";
import { loadPrograms } from "./lent-transforms.js";
import { reportError } from "./report-error.js";

const argv = process.argv.slice(2);
const valuesOf = (flag: string): string[] =>
  argv.filter((argument) => argument.startsWith(`${flag}=`)).map((argument) => argument.slice(flag.length + 1));
const [programs, [expansions = ""]] = [valuesOf("--program"), valuesOf("--expansions")];
const flags = argv.filter((argument) => !/^--(program|expansions)=/.test(argument));

try {
  await loadPrograms(programs);
  await serveFunctions(expandedAgain(expansions), { flags });
  process.exit(0);
} catch (thrown) {
  process.exit(reportError(thrown));
}
