import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JavaService } from "./expansion-service.js";
import { javaCommand } from "./java-service.js";
import { sqlService, sqlTransform } from "./sql-transform.js";
import { makeProgram } from "./testing/service-programs.js";

describe("an expansion service of Java", () => {
  let folder: string;
  let jar: string;
  let java: string;
  const environment = { ...process.env };
  const said: string[] = [];
  const command = (service: JavaService) => javaCommand(service, 4321, (line) => said.push(line));

  beforeEach(() => {
    said.length = 0;
    folder = mkdtempSync(join(tmpdir(), "girder-java-service-"));
    jar = join(folder, "some.jar");
    writeFileSync(jar, "");
    java = makeProgram(folder, "java", "");
    process.env["XDG_CACHE_HOME"] = join(folder, "cache");
  });
  afterEach(() => {
    process.env = { ...environment };
    rmSync(folder, { recursive: true });
  });

  /** Has `mvn` be a program that does as a script says; `$output` is where the class path is to be written. */
  function maven(script: string): void {
    const output = `for arg; do case "$arg" in -Dmdep.outputFile=*) output="\${arg#*=}" ;; -f) ;; *pom.xml) pom="$arg" ;; esac; done`;
    makeProgram(folder, "mvn", `${output}\necho run >> ${folder}/runs\n${script}`);
    process.env["PATH"] = `${folder}:${environment["PATH"]}`;
  }

  it("is a jar, which may make all of its classes, with workers of the same jar", async () => {
    const { program, args, worker } = await javaCommand({ jar, java }, 4321, () => undefined, "127.0.0.1:8765");
    assert.deepEqual(worker?.args, ["-cp", jar, "org.apache.beam.fn.harness.FnHarness"]);
    assert.equal(program, java);
    assert.deepEqual(args, [
      ...["-jar", jar, "4321", `--filesToStage=${jar}`],
      ...["--javaClassLookupAllowlistFile=*", "--defaultEnvironmentType=EXTERNAL"],
      "--defaultEnvironmentConfig=127.0.0.1:8765",
    ]);
  });

  it("is a class path with a class", async () => {
    const service = { classPath: [jar, folder], java, args: ["--javaClassLookupAllowlistFile=list.yaml"] };
    const { args } = await command({ ...service, main: "example.Service", workers: "environment" });
    assert.deepEqual(args, [
      ...["-cp", `${jar}:${folder}`, "example.Service", "4321", `--filesToStage=${jar},${folder}`],
      "--javaClassLookupAllowlistFile=list.yaml",
    ]);
    const { args: own } = await command(service);
    assert.deepEqual(own.slice(2, 5), [
      ...["org.apache.beam.sdk.expansion.service.ExpansionService", "4321", `--filesToStage=${jar},${folder}`],
    ]);
  });

  it("is what Maven puts together, once", async () => {
    maven(`cp "$pom" ${folder}/kept.xml; printf %s "${jar}:${folder}" > "$output"`);
    for (let i = 0; i < 2; i++) {
      const { args } = await command({ ...sqlService("2.65.0"), java });
      assert.deepEqual(args.slice(0, 2), ["-cp", `${jar}:${folder}`]);
    }
    assert.equal(readFileSync(join(folder, "runs"), "utf8"), "run\n");
    assert.deepEqual(said, ["Maven resolves org.apache.beam:beam-sdks-java-extensions-sql:2.65.0"]);
    // The service of that version, too, and what Java's workers hang without.
    assert.match(
      readFileSync(join(folder, "kept.xml"), "utf8"),
      /beam-sdks-java-expansion-service.*2\.65\.0[\s\S]*jamm/,
    );
    rmSync(jar);
    maven(`printf %s "${folder}" > "$output"`);
    const { args } = await command({ ...sqlService("2.65.0"), java });
    assert.deepEqual(args.slice(0, 2), ["-cp", folder]);
  });

  it("is refused where something is missing, with what it is", async () => {
    const refused = (service: JavaService, code: string, what: RegExp) =>
      assert.rejects(command(service), { code, what });
    await refused({ jar: join(folder, "none.jar") }, "not-found", /no such jar/);
    await refused({ jar, java: join(folder, "none") }, "not-found", /no such program/);
    await refused({ classPath: [jar, join(folder, "none.jar")] }, "not-found", /^1 of the class path's files/);
    await refused({ classPath: [] }, "not-found", /is empty/);
    await refused({ maven: ["sql"] }, "invalid-argument", /"sql" is no artifact/);
    process.env["PATH"] = folder;
    await refused({ maven: ["a:b:1"] }, "not-found", /no such program on the PATH/);
  });

  it("is refused in Maven's own words where it fails, and tried again", async () => {
    maven("echo '[INFO] busy'; echo '[ERROR] Could not find artifact a:b:1'; echo '[ERROR] Re-run with -X'; exit 1");
    for (let i = 0; i < 2; i++) {
      await assert.rejects(command({ maven: ["a:b:1"], java }), {
        code: "io",
        what: "Maven does not put a class path together: Could not find artifact a:b:1",
        where: "a:b:1",
      });
    }
    maven("echo 'no disk' >&2; exit 3");
    await assert.rejects(command({ maven: ["a:b:1"], java }), /ended with exit code 3[\s\S]*no disk/);
  });

  it("has SQL of one dialect, unless it is the jar made for it", () => {
    assert.throws(() => sqlTransform("SELECT 1", { dialect: "zetasql", service: sqlService("2.65.0") }), {
      code: "unsupported",
      where: "dialect",
    });
  });
});
