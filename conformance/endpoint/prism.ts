/** Beam's own local runner, Prism, as a process of ours. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { GirderError } from "girder";
import { cacheFolder } from "../driver/cache.js";
import { runTool } from "../driver/run-tool.js";
import { JobServer } from "./job-server.js";

/** The release whose protos the project has. */
export const PRISM_VERSION = "2.77.0";

const PACKAGE = "github.com/apache/beam/sdks/v2/go/cmd/prism";

/** How Prism is installed, for people. */
export const HOW_TO_INSTALL = [
  "There is no prism: set PRISM to its path, or install it where it is looked for (needs Go; takes some minutes):",
  `  GOFLAGS=-mod=mod go install ${PACKAGE}@v${PRISM_VERSION}`,
].join("\n");

/**
 * Prism's path: what the environment variable `PRISM` says, or `prism` on the PATH, where Go installs programs, or where
 * {@link installPrism} does.
 */
export async function findPrism(): Promise<string | undefined> {
  const { PRISM, PATH = "" } = process.env;
  if (PRISM !== undefined) return existsSync(PRISM) ? PRISM : undefined;
  return [...PATH.split(delimiter), ...(await goFolders()), cacheFolder("bin")]
    .map((folder) => join(folder, "prism"))
    .find((path) => existsSync(path));
}

async function goFolders(): Promise<string[]> {
  try {
    const [bin = "", path = ""] = (await runTool("go", ["env", "GOBIN", "GOPATH"])).split("\n");
    return [...(bin === "" ? [] : [bin]), ...path.split(delimiter).map((folder) => join(folder, "bin"))];
  } catch {
    // No Go: then nothing was installed with it either.
    return [];
  }
}

/** Builds Prism of the Go module and returns its path. */
async function installPrism(): Promise<string> {
  const folder = cacheFolder("bin");
  console.error(`Prism ${PRISM_VERSION} is built, which takes some minutes.`);
  await runTool("go", ["install", `${PACKAGE}@v${PRISM_VERSION}`], { env: { GOBIN: folder, GOFLAGS: "-mod=mod" } });
  return join(folder, "prism");
}

/**
 * Prism, listening on a port of this machine.
 *
 * @param path Where it is. It is looked for if absent, and built if it is nowhere.
 * @throws GirderError `not-found` if `PRISM` names what is not there, `io` if it does not come up.
 */
export async function startPrism(log: string, path?: string): Promise<JobServer> {
  const command = path ?? (await findPrism()) ?? (await installed());
  return await JobServer.start({
    command,
    args: (port) => [`--job_port=${port}`, "--serve_http=false", "--log_level=error", "--log_kind=text"],
    versions: { prism: await versionOf(command) },
    log,
  });
}

async function installed(): Promise<string> {
  const { PRISM } = process.env;
  if (PRISM === undefined) return await installPrism();
  throw new GirderError("not-found", "There is no program where PRISM says.", { where: PRISM });
}

/** The version of the module that a program was built of. */
async function versionOf(program: string): Promise<string> {
  const built = await runTool("go", ["version", "-m", program]).catch(() => "");
  return /^\s+mod\s+github\.com\/apache\/beam\/sdks\/v2\s+v(\S+)/m.exec(built)?.[1] ?? "unknown";
}
