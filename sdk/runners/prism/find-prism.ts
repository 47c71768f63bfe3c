/** Where Prism is, Beam's local runner. */
import { execFile } from "node:child_process";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { GirderError } from "../../../portability/errors.js";
import { findProgram } from "../../../portability/process/find-program.js";

/** The release of Beam whose model this package has, and which Prism is asked for. */
export const PRISM_VERSION = "2.77.0";

const HOW_TO_GET_IT =
  `Install it, with Go (some minutes): GOFLAGS=-mod=mod go install github.com/apache/beam/sdks/v2/go/cmd/prism@v${PRISM_VERSION}; ` +
  "or take the archive for your system from the page of Beam's release at GitHub; then name it by --prism-location or PRISM if it is not on the PATH.";

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The absolute path of `prism`: what the option says, or else the variable `PRISM`, or else `prism` on the PATH, or where
 * `go install` puts programs.
 *
 * @throws GirderError `not-found` with how to get it; `io` if it may not be executed; `invalid-option` for a URL.
 */
export async function findPrism(location: string | undefined, env: Variables = process.env): Promise<string> {
  if (location !== undefined) return named(location, "--prism-location");
  const { PRISM: said = "", PATH = "" } = env;
  if (said !== "") return named(said, "PRISM");
  try {
    return await findProgram("prism", [PATH, ...(await goFolders(env))].join(delimiter), HOW_TO_GET_IT);
  } catch (thrown) {
    if (!(thrown instanceof GirderError) || thrown.code !== "not-found") throw thrown;
    throw new GirderError("not-found", "Prism is not here: not on the PATH, nor where go install puts programs.", {
      where: "--runner=prism",
      remedy: HOW_TO_GET_IT,
    });
  }
}

async function named(path: string, by: string): Promise<string> {
  if (/^[a-z]+:\/\//i.test(path)) {
    throw new GirderError("invalid-option", "Prism is not downloaded.", {
      where: by,
      remedy: "Download and unpack it yourself, and give the path of the program.",
    });
  }
  // A path, also where it is only a name: that of a file beside the program.
  const place = path.includes("/") ? path : `./${path}`;
  return findProgram(place, undefined, `${by} names it. ${HOW_TO_GET_IT}`);
}

/** GOBIN, and `bin` of each folder of GOPATH: as Go says, which knows its own settings, or else as it is by default. */
async function goFolders(env: Variables): Promise<string[]> {
  const { GOBIN = "", GOPATH = "" } = env;
  const [bin = "", path = ""] = await promisify(execFile)("go", ["env", "GOBIN", "GOPATH"], {
    env: env as NodeJS.ProcessEnv,
    timeout: 5_000,
  }).then(
    ({ stdout }) => stdout.split("\n"),
    () => [GOBIN, GOPATH === "" ? join(homedir(), "go") : GOPATH],
  );
  const paths = path === "" ? [] : path.split(delimiter);
  return [...(bin === "" ? [] : [bin]), ...paths.map((folder) => join(folder, "bin"))];
}
