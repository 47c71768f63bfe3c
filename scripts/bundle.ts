/**
 * The second half of `npm run build`: writes what users import to `dist/bundle`, in few files for Node to find and compile.
 *
 * Each entry of the package and each of its programs is a file there, and what they share is in files that they share: there is one
 * copy of everything, whichever entries a program imports. What the compiler wrote stays beside: declarations, modules for files of
 * programs that go to workers (which leave out what they do not need), and modules that specs import one by one. All those
 * find the compiler's modules behind `girder`, too, by the condition `girder-modules`.
 */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly "girder-modules": string }>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** What runs, and nobody imports. */
const PROGRAMS = [
  "dist/sdk/cli/main.js",
  "dist/sdk/cli/worker-main.js",
  "dist/sdk/cli/expansion-worker-main.js",
  "dist/sdk/expansion/expansion-thread.js",
];
/** Of some sixty small modules, all of which are loaded with the first. */
const INCLUDED = ["@bufbuild/protobuf"];

const root = dirname(fileURLToPath(import.meta.resolve("girder/package.json")));
const { exports, dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;

const entries = Object.values(exports).flatMap((target) =>
  typeof target === "string" ? [] : modules(target["girder-modules"]),
);
const outdir = join(root, "dist/bundle");
rmSync(outdir, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: [...entries, ...PROGRAMS],
  outdir,
  outbase: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  external: Object.keys(dependencies).filter((name) => !INCLUDED.includes(name)),
  legalComments: "none",
  logLevel: "warning",
});

/** The modules that a target of `exports` stands for. */
function modules(target: string): string[] {
  const [folder, suffix] = target.split("*");
  if (suffix === undefined) return [target];
  return readdirSync(join(root, folder!), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(suffix))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}
