/**
 * Services of the model over gRPC: the generated descriptors on `@grpc/grpc-js`, with the types of their messages.
 *
 * ```ts
 * const server = createServer();
 * serve(server, JobService, { prepare: ({ jobName }) => ({ preparationId: jobName }) });
 * const port = await listen(server, "127.0.0.1:0");
 * const jobs = client(JobService, `127.0.0.1:${port}`);
 * (await jobs.call.prepare({ jobName: "count" })).preparationId; // "count"
 * jobs.close();
 * await shutdown(server);
 * ```
 */
import { setMaxListeners } from "node:events";
import {
  create,
  type DescMessage,
  type DescMethod,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import type { GenService, GenServiceMethods } from "@bufbuild/protobuf/codegenv2";
import * as grpc from "@grpc/grpc-js";
import { GirderError } from "../errors.js";
import { ElementsSchema, StateResponseSchema } from "../gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import type { CallOptions, Connection, Handlers, IncomingCall } from "./call-types.js";
import { type ElementsInit, readElements, writeElements } from "./elements.js";
import { readMessages, writeMessages } from "./message-stream.js";
import { writeStateResponse } from "./state-response.js";
import { answerTo, errorOfCall } from "./status.js";

/** Messages may be of any size; a connection that has died unnoticed is found within a minute. */
const OPTIONS: grpc.ChannelOptions = {
  "grpc.max_receive_message_length": -1,
  "grpc.max_send_message_length": -1,
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 20_000,
  "grpc.keepalive_permit_without_calls": 1,
};

/** How long (ms) {@link shutdown} waits for open calls. */
const GRACE = 5_000;
/** How long (ms) it waits for connections to be gone that it has broken off. */
const AFTER_FORCE = 200;

/** A server without services. */
export function createServer(): grpc.Server {
  return new grpc.Server(OPTIONS);
}

/** Adds a service to a server. Methods without a handler answer UNIMPLEMENTED. */
export function serve<S extends GenServiceMethods>(
  server: grpc.Server,
  service: GenService<S>,
  handlers: Handlers<S>,
): void {
  const definition: Record<string, ReturnType<typeof wireOf>> = {};
  const implementation: grpc.UntypedServiceImplementation = {};
  for (const [name, method] of Object.entries<DescMethod>(service.method)) {
    definition[name] = wireOf(method);
    const handler = handlers[name] as AnyHandler | undefined;
    if (handler !== undefined) implementation[name] = handlerOf(definition[name], handler);
  }
  server.addService(definition, implementation);
}

/**
 * Begins to listen.
 *
 * @param address `host:port`, or `unix:/path`. Port 0 is any that is free.
 * @returns the port; 0 for a path.
 * @throws GirderError `io`
 */
export function listen(
  server: grpc.Server,
  address: string,
  credentials = grpc.ServerCredentials.createInsecure(),
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error === null) return resolve(port);
      const [, reason = error.message] = /errors: \[(.*)\]$/.exec(error.message) ?? [];
      reject(
        new GirderError("io", `Nothing can be served there: ${reason}.`, {
          where: address,
          cause: error,
          remedy: "Use an address of this machine, and a port that is free; 0 is any such.",
        }),
      );
    });
  });
}

/**
 * Takes no more calls, waits for those that are open, and after `grace` ms (default 5 s) cancels them. A peer that does not
 * even read keeps its socket until it goes, but nobody waiting.
 */
export async function shutdown(server: grpc.Server, grace = GRACE): Promise<void> {
  await new Promise<void>((resolve) => {
    let timer = setTimeout(() => {
      server.forceShutdown();
      timer = setTimeout(resolve, AFTER_FORCE);
    }, grace);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/**
 * A connection to a service: made when it is first needed, and again when it was lost.
 *
 * Calls reject, and streams throw, GirderErrors: `cancelled`, `not-found`, `invalid-argument` and `unsupported` where gRPC's
 * status says so, `io` otherwise; `statusOf` tells the status.
 */
export function client<S extends GenServiceMethods>(
  service: GenService<S>,
  address: string,
  credentials = grpc.credentials.createInsecure(),
): Connection<S> {
  const connection = new grpc.Client(address, credentials, OPTIONS);
  const methods = Object.entries<DescMethod>(service.method);
  const call = Object.fromEntries(methods.map(([name, method]) => [name, callerOf(connection, wireOf(method))]));
  return {
    call: call as Connection<S>["call"],
    ready: (timeout) =>
      new Promise((resolve, reject) => {
        connection.waitForReady(Date.now() + timeout, (error) => {
          if (error === undefined) resolve();
          else reject(errorOfCall(error, address));
        });
      }),
    close: () => connection.close(),
  };
}

type Messages = Iterable<unknown> | AsyncIterable<unknown>;
/** Handlers of all kinds as one: `input` is a message or a stream of them, and so is what comes of it. */
type AnyHandler = (input: unknown, call: IncomingCall) => unknown;

/** A method as gRPC has it. */
function wireOf({ parent, name, methodKind, input, output }: DescMethod) {
  return {
    path: `/${parent.typeName}/${name}`,
    requestStream: methodKind === "client_streaming" || methodKind === "bidi_streaming",
    responseStream: methodKind === "server_streaming" || methodKind === "bidi_streaming",
    requestSerialize: writerOf(input),
    requestDeserialize: readerOf(input),
    responseSerialize: writerOf(output),
    responseDeserialize: readerOf(output),
  };
}

/** Writers of messages that carry much data, by the messages' names. */
const OWN_WRITERS: Readonly<Record<string, (init: unknown) => Buffer>> = {
  [ElementsSchema.typeName]: (init) => writeElements(init as ElementsInit),
  [StateResponseSchema.typeName]: (init) => writeStateResponse(init as MessageInitShape<typeof StateResponseSchema>),
};

const writerOf = (schema: DescMessage): ((init: unknown) => Buffer) =>
  OWN_WRITERS[schema.typeName] ??
  ((init) => {
    const { buffer, byteOffset, byteLength } = toBinary(schema, create(schema, init as MessageShape<DescMessage>));
    return Buffer.from(buffer, byteOffset, byteLength);
  });

const readerOf = (schema: DescMessage): ((bytes: Buffer) => unknown) =>
  schema.typeName === ElementsSchema.typeName ? readElements : (bytes) => fromBinary(schema, bytes);

type Wire = ReturnType<typeof wireOf>;
type ServerCall = grpc.ServerUnaryCall<unknown, unknown> & grpc.ServerDuplexStream<unknown, unknown>;

/** What gRPC calls for a method. */
function handlerOf({ path, requestStream, responseStream }: Wire, handler: AnyHandler): grpc.UntypedHandleCall {
  const handle = async (stream: ServerCall, done?: grpc.sendUnaryData<unknown>): Promise<void> => {
    const gone = new AbortController();
    stream.on("cancelled", () => {
      gone.abort();
      if (requestStream) stream.destroy();
    });
    stream.on("error", () => undefined);
    const errorOf = (thrown: unknown) => errorOfCall(gone.signal.aborted ? CANCELLED : thrown, path.slice(1));
    const input = requestStream ? readMessages(stream, () => undefined, errorOf) : stream.request;
    try {
      // Some clients wait for the headers of a stream on which nothing may be sent for long, or at all.
      if (done === undefined) stream.sendMetadata(new grpc.Metadata());
      const output = await handler(input, { metadata: stream.metadata, host: stream.getHost(), signal: gone.signal });
      if (done !== undefined) done(null, output);
      else {
        await writeMessages(stream, output as Messages, gone.signal);
        if (!gone.signal.aborted) stream.end();
      }
    } catch (thrown) {
      if (done !== undefined) done(answerTo(thrown));
      else if (!gone.signal.aborted) stream.emit("error", answerTo(thrown));
    }
  };
  // gRPC passes a `done` to methods that answer with one message.
  const called = (stream: unknown, done: unknown): void => {
    void handle(stream as ServerCall, responseStream ? undefined : (done as grpc.sendUnaryData<unknown>));
  };
  return called as grpc.UntypedHandleCall;
}

/** What gRPC says to the other side of a cancelled call. */
const CANCELLED = Object.assign(new Error("Call cancelled"), {
  code: grpc.status.CANCELLED,
  details: "Call cancelled",
});

type ClientCall = grpc.ClientDuplexStream<unknown, unknown>;

function callerOf(connection: grpc.Client, wire: Wire): unknown {
  const { path, requestSerialize: write, responseDeserialize: read } = wire;
  const errorOf = (thrown: unknown) => errorOfCall(thrown, path.slice(1));
  return (input: unknown, { metadata = new grpc.Metadata(), signal, timeout }: CallOptions = {}): unknown => {
    const options = timeout === undefined ? {} : { deadline: Date.now() + timeout };
    const over = new AbortController();
    // One signal may end any number of calls; Node would warn at the eleventh.
    if (signal !== undefined) setMaxListeners(0, signal);
    const begun = (started: grpc.ClientUnaryCall | ClientCall): void => {
      // Of either kind, it can be cancelled and has a status; gRPC's types do not know of what they share.
      const stream = started as ClientCall;
      const cancel = (): void => stream.cancel();
      stream.once("status", () => {
        over.abort();
        signal?.removeEventListener("abort", cancel);
      });
      // gRPC emits its error even where nobody listens any more, and an error without a listener ends the process.
      stream.on("error", () => undefined);
      if (signal?.aborted) cancel();
      else signal?.addEventListener("abort", cancel, { once: true });
      if (wire.requestStream) void send(stream, input as Messages, over.signal);
    };
    if (wire.responseStream) {
      const stream = wire.requestStream
        ? connection.makeBidiStreamRequest(path, write, read, metadata, options)
        : connection.makeServerStreamRequest(path, write, read, input, metadata, options);
      begun(stream as ClientCall);
      return readMessages(stream, () => stream.cancel(), errorOf);
    }
    return new Promise((resolve, reject) => {
      const done = (error: unknown, response: unknown): void => {
        if (error === null) resolve(response);
        else reject(errorOf(error));
      };
      begun(
        wire.requestStream
          ? (connection.makeClientStreamRequest(path, write, read, metadata, options, done) as ClientCall)
          : connection.makeUnaryRequest(path, write, read, input, metadata, options, done),
      );
    });
  };
}

/** Sends all requests; where making them fails, so does the call. */
async function send(stream: ClientCall, requests: Messages, over: AbortSignal): Promise<void> {
  try {
    await writeMessages(stream, requests, over);
    stream.end();
  } catch (thrown) {
    stream.destroy(thrown instanceof Error ? thrown : new Error(String(thrown)));
    stream.cancel();
  }
}
