/** Programs of our Go module, which pins the Go SDK. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, madeOnce } from "../driver/cache.js";
import { filesBelow } from "../driver/files-below.js";
import { runTool } from "../driver/run-tool.js";
import { ROOT } from "../root.js";

const MODULE = join(ROOT, "conformance", "go");

/**
 * The path of a program built in a module, in the cache folder.
 *
 * @param module The module's folder. Default: that of our own programs.
 * @param build The go command that builds a program, without `-o` and the package.
 * @throws GirderError `io` if there is no Go, or it fails.
 */
export async function goProgram(
  name: string,
  build: readonly string[],
  pack: string,
  module = MODULE,
): Promise<string> {
  const folder = cacheFolder("go", name);
  const program = join(folder, name);
  const version = filesBelow(module, /\.(go|mod|sum)$/)
    .map((path) => readFileSync(path, "utf8"))
    .join("\n");
  await madeOnce(folder, version, async () => {
    console.error(`${name} is built of the Go SDK, which takes some minutes.`);
    await runTool("go", [...build, "-o", program, pack], {
      cwd: module,
      env: { GOFLAGS: "-mod=readonly -buildvcs=false" },
    });
  });
  return program;
}

/** The version of the Go SDK that our module asks for. */
export function beamVersion(): string {
  const module = readFileSync(join(MODULE, "go.mod"), "utf8");
  return /github\.com\/apache\/beam\/sdks\/v2 v(\S+)/.exec(module)?.[1] ?? "unknown";
}
