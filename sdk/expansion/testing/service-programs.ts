/** For specs: programs that take the place of an interpreter with an expansion service. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { fileURLToPath } from "node:url";

const FAKE = fileURLToPath(new URL("fake-service.js", import.meta.url));
const LENT = fileURLToPath(new URL("lent-transforms.js", import.meta.url));
const MAIN = fileURLToPath(new URL("../../cli/main.js", import.meta.url));

/** A program that does as a shell script says. @returns its path. */
export function makeProgram(folder: string, name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** A program that does as a shell script says when it is started as a module, and has every package. @returns its path. */
export function interpreter(folder: string, name: string, script: string): string {
  return makeProgram(folder, name, `case "$1" in -c) exit 0 ;; esac\n${script}`);
}

/** One that is the fake service. */
export function fakeInterpreter(folder: string): string {
  return interpreter(folder, "python", `shift 2\nexec ${process.execPath} ${FAKE} "$@"`);
}

/** A program in the place of Java: the fake service, whose workers do as a shell script says. */
export function fakeJava(folder: string, worker: string): string {
  // -cp CLASSPATH MAIN PORT …
  const service = `shift 3\nport=$1\nshift\nexec ${process.execPath} ${FAKE} --port=$port "$@"`;
  return makeProgram(folder, "fake-java", `case "$3" in *FnHarness) ${worker} ;; esac\n${service}`);
}

/** How many processes have a text among their arguments. */
export function processesWith(text: string): number {
  let count = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      if (stat.slice(stat.lastIndexOf(")") + 2)[0] === "Z") continue;
      if (readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(text)) count++;
    } catch {
      // Gone meanwhile.
    }
  }
  return count;
}

/** A service that lends the transforms of `lent-transforms.ts`. */
export interface LendingService extends AsyncDisposable {
  readonly address: string;
  readonly pid: number;
}

export async function lendingService(): Promise<LendingService> {
  const args = [...process.execArgv, MAIN, "expansion-service", LENT, "--port=0"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return {
    address: line.replace(/.* on /, ""),
    pid: child.pid!,
    async [Symbol.asyncDispose]() {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}
