/** The thread that asks expansion services, while the one that builds the pipeline waits for it. See {@link askService}. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { GirderError, messageOf } from "../../portability/errors.js";
import {
  DiscoverSchemaTransformResponseSchema,
  ExpansionRequestSchema,
  ExpansionResponseSchema,
} from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_expansion_api_pb.js";
import { discover, expand } from "./expand.js";
import type { ExpansionService } from "./expansion-service.js";
import { ServiceTable } from "./service-table.js";

/** What the thread is asked. */
export type Question =
  | { readonly kind: "expand"; readonly service: ExpansionService; readonly request: Uint8Array }
  | { readonly kind: "discover"; readonly service: ExpansionService }
  | { readonly kind: "stop" };

/** What it answers: a message's bytes and the service's address, or what a GirderError is made of. */
export type Answer =
  | { readonly bytes: Uint8Array; readonly address: string }
  | {
      readonly error: Pick<GirderError, "code" | "what" | "where" | "remedy"> & { readonly stack: string | undefined };
    };

/** What the thread is given when it starts. */
export interface ThreadData {
  readonly port: MessagePort;
  /** Set to 1 when an answer has been posted. */
  readonly answered: Int32Array;
}

const { port, answered } = workerData as ThreadData;
const services = new ServiceTable();

parentPort?.on("message", (question: Question) => void answer(question));

async function answer(question: Question): Promise<void> {
  const message: Answer = await ask(question).catch((thrown: unknown) => {
    const { code, what, where, remedy, stack } =
      thrown instanceof GirderError ? thrown : new GirderError("internal", messageOf(thrown), { cause: thrown });
    return { error: { code, what, where, remedy, stack } };
  });
  port.postMessage(message);
  Atomics.store(answered, 0, 1);
  Atomics.notify(answered, 0);
}

async function ask(question: Question): Promise<Answer> {
  switch (question.kind) {
    case "expand": {
      const request = fromBinary(ExpansionRequestSchema, question.request);
      const { address, response } = await expand(services, question.service, request);
      return { address, bytes: toBinary(ExpansionResponseSchema, response) };
    }
    case "discover":
      return {
        address: "",
        bytes: toBinary(DiscoverSchemaTransformResponseSchema, await discover(services, question.service)),
      };
    case "stop":
      await services.stop();
      return { address: "", bytes: new Uint8Array() };
  }
}
