/** Programs that stand in for job services of others in specs: they take what they are given, write it down, and do as told. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const modules = ["fn-api/grpc.js", "gen/org/apache/beam/model/job_management/v1/beam_job_api_pb.js"].map(
  (path) => pathToFileURL(resolve(import.meta.dirname, "../../../../portability", path)).href,
);

/** What a stand-in does with a job. */
export type Behaviour =
  /** It is done. */
  | "done"
  /** The service ends while it runs, with a word. */
  | "dies"
  /** It runs for ever. */
  | "hangs"
  /** The service ends when it is started. */
  | "does not start";

/** A folder with an executable in it. */
export class StandIn implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "girder-stand-in-"));
  /** The executable. */
  readonly program: string;
  /** A line for each start: pid and arguments, as JSON; and one for each job that was prepared, with its options. */
  readonly log = join(this.folder, "log");

  /** @param name The executable's. @param port How it is told its port: `--job_port`. */
  constructor(name: string, behaviour: Behaviour, port: string) {
    this.program = join(this.folder, name);
    const script = join(this.folder, "script.mjs");
    writeFileSync(this.log, "");
    writeFileSync(script, scriptOf(this.log, behaviour, port));
    // The stand-in is the process that is started, not a child of it.
    writeFileSync(
      this.program,
      `#!/bin/sh\nexec ${JSON.stringify(process.execPath)} ${JSON.stringify(script)} "$@"\n`,
      {
        mode: 0o755,
      },
    );
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const scriptOf = (log: string, behaviour: Behaviour, port: string): string => `
  import { appendFileSync } from "node:fs";
  import { createServer, listen, serve } from ${JSON.stringify(modules[0])};
  import { JobService, JobState_Enum as State } from ${JSON.stringify(modules[1])};
  const say = (what) => appendFileSync(${JSON.stringify(log)}, JSON.stringify(what) + "\\n");
  say({ pid: process.pid, args: process.argv.slice(2), java: process.env.JDK_JAVA_OPTIONS });
  const behaviour = ${JSON.stringify(behaviour)};
  if (behaviour === "does not start") {
    console.error("no such luck");
    process.exit(3);
  }
  const server = createServer();
  serve(server, JobService, {
    prepare: ({ pipelineOptions }) => {
      say({ options: pipelineOptions });
      return { preparationId: "p" };
    },
    run: () => ({ jobId: "j" }),
    getState: () => ({ state: State.RUNNING }),
    getStateStream: async function* () {
      yield { state: State.RUNNING };
      if (behaviour === "done") yield { state: State.DONE };
      else if (behaviour === "hangs") await new Promise(() => setTimeout(() => {}, 1e8));
      else {
        console.error("panic: out of luck");
        process.exit(3);
      }
    },
    getMessageStream: () => [],
    getJobMetrics: () => ({}),
  });
  const given = process.argv.find((each) => each.startsWith(${JSON.stringify(`${port}=`)}));
  await listen(server, "localhost:" + given.split("=")[1]);`;
