/**
 * For specs: a program that boots as Beam's contract has it, and is a worker without functions. It asks for its provision,
 * logs, connects and answers questions for its status, until its control stream ends.
 *
 * The environment variable `GIRDER_SPEC` makes it do otherwise: `fail` exits with code 3 after a word on standard error.
 */
import { parseArgs } from "node:util";
import { client } from "../../../portability/fn-api/grpc.js";
import {
  BeamFnControl,
  BeamFnLogging,
  BeamFnWorkerStatus,
} from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { ProvisionService } from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_provision_api_pb.js";
import { metadataOf } from "./services.js";

const text = { type: "string" } as const;
const { values: flags } = parseArgs({
  options: {
    id: text,
    provision_endpoint: text,
    control_endpoint: text,
    logging_endpoint: text,
    artifact_endpoint: text,
  },
});

console.log(`booting ${flags.id}`);
if (process.env["GIRDER_SPEC"] === "fail") {
  console.error("this worker cannot start");
  process.exit(3);
}

const metadata = metadataOf(flags.id!);
const { info } = await client(ProvisionService, flags.provision_endpoint!).call.getProvisionInfo({}, { metadata });
const { controlEndpoint, loggingEndpoint, statusEndpoint } = info!;

/** A stream on which nothing is said. */
async function* silence(): AsyncGenerator<never> {
  await new Promise<never>(() => undefined);
}

async function* logEntries() {
  const flagNames = Object.keys(flags).sort().join(" ");
  yield { logEntries: [{ message: `flags: ${flagNames}` }, { message: `job: ${info!.metadata["job_name"]}` }] };
  yield* silence();
}

async function log(): Promise<void> {
  for await (const _ of client(BeamFnLogging, loggingEndpoint!.url).call.logging(logEntries(), { metadata }));
}

async function answer(): Promise<void> {
  const answers: { id: string; statusInfo: string }[] = [];
  let wake = (): void => undefined;
  async function* responses() {
    for (;;) {
      yield* answers.splice(0);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  const { workerStatus } = client(BeamFnWorkerStatus, statusEndpoint!.url).call;
  for await (const { id } of workerStatus(responses(), { metadata })) {
    answers.push({ id, statusInfo: `process ${process.pid} of ${flags.id}` });
    wake();
  }
}

const ended = (): void => process.exit(0);
// The first process of a container ignores signals that it does not handle.
process.once("SIGTERM", ended);
log().catch(ended);
if (statusEndpoint !== undefined) answer().catch(ended);
try {
  for await (const _ of client(BeamFnControl, controlEndpoint!.url).call.control(silence(), { metadata }));
} finally {
  ended();
}
