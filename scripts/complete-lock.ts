/**
 * `npm run complete-lock`: completes package-lock.json after a dependency was added or upgraded.
 *
 * Some tools list packages for many platforms as optional dependencies. npm leaves out of the lock those that its
 * registry does not have, and `npm ci` then refuses the lock because they are missing. An entry with version and platform
 * is all it asks for.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";

interface LockEntry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const path = resolve(import.meta.dirname, "..", "package-lock.json");
const lock = JSON.parse(readFileSync(path, "utf8")) as { packages: Record<string, LockEntry> };
let added = 0;
for (const [parent, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const nested = `${parent}/node_modules/${name}`;
    if (lock.packages[`node_modules/${name}`] !== undefined || lock.packages[nested] !== undefined) continue;
    const platform = /(darwin|linux|win32|freebsd|openbsd|netbsd|sunos|android|aix|openharmony)/.exec(name)?.[1];
    const cpu = /(arm64|x64|ia32|arm|ppc64|s390x|riscv64|loong64|mips64el)/.exec(name)?.[1];
    lock.packages[`node_modules/${name}`] = {
      version: version.replace(/^[\^~>=]*/, ""),
      ...(entry.dev === true ? { dev: true } : {}),
      optional: true,
      ...(platform === undefined ? {} : { os: [platform] }),
      ...(cpu === undefined ? {} : { cpu: [cpu] }),
    };
    added++;
  }
}
const packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(path, `${JSON.stringify({ ...lock, packages }, undefined, 2)}\n`);
console.log(`${added} platform packages added to package-lock.json`);
