/** The ways in which workers of a program are started. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { create } from "@bufbuild/protobuf";
import { client } from "../../../portability/fn-api/grpc.js";
import { BeamFnExternalWorkerPool } from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { EnvironmentSchema } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { launcherFor } from "../../../runner/environment/launcher-for.js";
import { packageFolder } from "../../../sdk/runners/package-folder.js";
import { processEnvironment } from "../../../sdk/runners/portable/environments.js";

/** What workers are started of. */
export interface Started {
  /** The program, in TypeScript. */
  readonly program: string;
  /** The file that it was made into. */
  readonly file: string;
  /** `host:port` of the runner's services. */
  readonly address: string;
}

/** A way, as long as it is open. */
export interface OpenWay extends AsyncDisposable {
  /** Starts a worker. It ends when the runner lets it go. */
  start(id: string): Promise<void>;
}

export interface Way {
  readonly name: string;
  readonly what: string;
  open(started: Started): Promise<OpenWay>;
}

const WORKER = join(packageFolder(), "sdk/cli/girder-worker.js");

/** The flags of a worker that is told of nothing but its runner. */
const flagsOf = (id: string, address: string): readonly string[] => [`--id=${id}`, `--provision_endpoint=${address}`];

/** Starts programs of this machine, and sees that they have ended. */
function spawning(argsOf: (id: string) => readonly string[]): OpenWay {
  const ended: Promise<unknown>[] = [];
  return {
    async start(id) {
      ended.push(once(spawn(process.execPath, argsOf(id), { stdio: ["ignore", "ignore", "inherit"] }), "close"));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(ended);
    },
  };
}

export const WAYS: readonly Way[] = [
  {
    name: "bundle",
    what: "the program's file, started by itself",
    open: async ({ file, address }) => spawning((id) => [file, ...flagsOf(id, address)]),
  },
  {
    name: "process",
    what: "the same, started by girder serve for an environment of type PROCESS",
    async open({ file, address }) {
      const launcher = launcherFor(create(EnvironmentSchema, processEnvironment(file)));
      const endpoints = { control: address, logging: address, artifact: address, provision: address };
      const stops: (() => Promise<void>)[] = [];
      return {
        async start(id) {
          const worker = await launcher.launch({ id, endpoints, signal: new AbortController().signal });
          stops.push(() => worker.stop());
        },
        async [Symbol.asyncDispose]() {
          await Promise.all(stops.map((stop) => stop()));
        },
      };
    },
  },
  {
    name: "girder-worker",
    what: "the command, which fetches the program's file, as in a container",
    open: async ({ address }) => spawning((id) => [WORKER, ...flagsOf(id, address)]),
  },
  {
    name: "pool",
    what: "a worker pool that is asked for one, which fetches the program's file",
    async open({ address }) {
      const child = spawn(process.execPath, [join(packageFolder(), "sdk/cli/girder.js"), "worker-pool", "--port=0"], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [line] = (await once(createInterface(child.stdout), "line")) as [string];
      const pool = client(BeamFnExternalWorkerPool, line.split(" ").at(-1)!);
      return {
        async start(workerId) {
          await pool.call.startWorker({ workerId, provisionEndpoint: { url: address } });
        },
        async [Symbol.asyncDispose]() {
          pool.close();
          child.kill("SIGTERM");
          await once(child, "exit");
        },
      };
    },
  },
  {
    name: "tsx",
    what: "the command with the program itself, in TypeScript",
    open: async ({ program, address }) => spawning((id) => [WORKER, `--program=${program}`, ...flagsOf(id, address)]),
  },
];
