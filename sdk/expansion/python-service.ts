/** The expansion service of a Python environment. */
import { spawn } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { GirderError } from "../../portability/errors.js";
import { findProgram } from "../../portability/process/find-program.js";
import type { PythonService } from "./expansion-service.js";
import type { ServiceCommand } from "./started-service.js";

const MODULE = "apache_beam.runners.portability.expansion_service_main";
const WORKER_MODULE = "apache_beam.runners.worker.sdk_worker_main";

/** @param pool The address of the pool of its workers, where it has one. @throws GirderError `not-found` where there is no interpreter, or it has no Beam. */
export async function pythonCommand(
  { python, module = MODULE, args = [], workers = "service" }: PythonService,
  port: number,
  pool?: string,
): Promise<ServiceCommand> {
  const program = await findProgram(
    interpreterOf(python),
    process.env["PATH"],
    "Name the interpreter, or the folder of a virtual environment, in which apache-beam is installed.",
  );
  await requireModule(program, module);
  // With the service's own address it is a pool of workers, too.
  const external = (address: string): string[] => ["--environment_type=EXTERNAL", `--environment_config=${address}`];
  const own = workers === "service" ? ["--serve_loopback_worker", ...external(`127.0.0.1:${port}`)] : [];
  const environment = pool === undefined ? own : external(pool);
  const all = ["-m", module, `--port=${port}`, "--fully_qualified_name_glob=*", ...environment, ...args];
  const worker = { program, args: ["-m", WORKER_MODULE], idVariable: "WORKER_ID" };
  return { program, args: all, what: `Python's expansion service (${python})`, worker };
}

function interpreterOf(python: string): string {
  if (!python.includes("/") || !existsSync(python) || !statSync(python).isDirectory()) return python;
  return join(python, "bin", "python");
}

/** Looks for the module without running it: that takes long, and says little when it fails. */
async function requireModule(program: string, module: string): Promise<void> {
  const [top = module] = module.split(".");
  const script = `import importlib.util, sys; sys.exit(0 if importlib.util.find_spec(${JSON.stringify(top)}) else 3)`;
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(program, ["-c", script], { stdio: "ignore", timeout: 20_000 });
    child.once("error", reject);
    child.once("exit", resolve);
  });
  if (code === 0) return;
  throw new GirderError("not-found", `This Python has no package ${top}.`, {
    where: program,
    remedy: top === "apache_beam" ? `Install it: ${program} -m pip install apache-beam.` : "Install the package there.",
  });
}
