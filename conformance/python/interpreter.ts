/** A Python that has the SDK and what its tests need. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { GirderError } from "girder";
import { cacheFolder, madeOnce } from "../driver/cache.js";
import { runTool } from "../driver/run-tool.js";
import { ROOT } from "../root.js";

/** Our Python programs and the list of packages. */
export const PYTHON_FOLDER = join(ROOT, "conformance", "python");

export interface Interpreter {
  readonly path: string;
  readonly versions: Readonly<Record<"apache-beam" | "python", string>>;
}

/**
 * The interpreter that `GIRDER_CONFORMANCE_PYTHON` names, which must have the packages of `requirements.txt`; without that
 * variable, one of a virtual environment in the cache folder, made when it is first needed.
 *
 * @throws GirderError `io` if there is no Python or the packages cannot be installed, `not-found` if Beam is not of our version.
 */
export async function pythonOfSuite(): Promise<Interpreter> {
  const path = process.env["GIRDER_CONFORMANCE_PYTHON"] ?? (await installed());
  const script = "import apache_beam, platform; print(apache_beam.__version__, platform.python_version())";
  const [beam = "", python = ""] = (await runTool(path, ["-c", script])).trim().split(" ");
  const wanted = /^apache-beam==(\S+)$/m.exec(requirements())?.[1];
  if (beam !== wanted) {
    const remedy = "Install what conformance/python/requirements.txt lists, or leave GIRDER_CONFORMANCE_PYTHON unset.";
    throw new GirderError("not-found", `The suite is of apache-beam ${wanted}; this Python has ${beam}.`, {
      where: path,
      remedy,
    });
  }
  return { path, versions: { "apache-beam": beam, python } };
}

function requirements(): string {
  return readFileSync(join(PYTHON_FOLDER, "requirements.txt"), "utf8");
}

async function installed(): Promise<string> {
  const folder = cacheFolder("python");
  const python = join(folder, "bin", "python");
  await madeOnce(folder, requirements(), async () => {
    console.error(`The Python SDK is installed in ${folder}, which takes some minutes.`);
    await runTool("python3", ["-m", "venv", folder]);
    const list = join(PYTHON_FOLDER, "requirements.txt");
    await runTool(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", list]);
  });
  if (!existsSync(python))
    throw new GirderError("not-found", "There is no Python where it was installed.", { where: python });
  return python;
}
