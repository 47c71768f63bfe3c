/** The types of handlers and callers, from a generated service descriptor. */
import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { GenServiceMethods } from "@bufbuild/protobuf/codegenv2";
import type { Metadata } from "@grpc/grpc-js";

type MethodOf = GenServiceMethods[string];
type Received<M extends DescMessage> = MessageShape<M>;
/** What is sent may leave fields out. */
type Sent<M extends DescMessage> = MessageInitShape<M>;
type Streamed<T> = Iterable<T> | AsyncIterable<T>;

/** What a handler knows of the call beside its messages. */
export interface IncomingCall {
  readonly metadata: Metadata;
  /** The address by which the caller knows this server, `host:port`: behind a tunnel or a proxy, that of its near end. */
  readonly host: string;
  /** Aborted when the caller has gone, or the server is forced to shut down. */
  readonly signal: AbortSignal;
}

/** What may be said of a call beside its messages. */
export interface CallOptions {
  readonly metadata?: Metadata;
  /** Cancels the call. */
  readonly signal?: AbortSignal;
  /** How long the call may take, ms. Default: for ever. */
  readonly timeout?: number;
}

/** Answers a method. What it throws becomes the call's status. */
export type Handler<M extends MethodOf> = M["methodKind"] extends "unary"
  ? (request: Received<M["input"]>, call: IncomingCall) => Sent<M["output"]> | Promise<Sent<M["output"]>>
  : M["methodKind"] extends "server_streaming"
    ? (request: Received<M["input"]>, call: IncomingCall) => Streamed<Sent<M["output"]>>
    : M["methodKind"] extends "client_streaming"
      ? (requests: AsyncIterable<Received<M["input"]>>, call: IncomingCall) => Promise<Sent<M["output"]>>
      : (requests: AsyncIterable<Received<M["input"]>>, call: IncomingCall) => Streamed<Sent<M["output"]>>;

/** Handlers of a service, by the methods' names in camel case. */
export type Handlers<S extends GenServiceMethods> = { readonly [Name in keyof S]?: Handler<S[Name]> };

/** The {@link Handlers} of a service, given the type of its descriptor: `HandlersOf<typeof JobService>`. */
export type HandlersOf<Service> = Service extends { readonly method: infer S extends GenServiceMethods }
  ? Handlers<S>
  : never;

/** Calls a method. Streams are cancelled where their reader stops early. */
export type Caller<M extends MethodOf> = M["methodKind"] extends "unary"
  ? (request: Sent<M["input"]>, options?: CallOptions) => Promise<Received<M["output"]>>
  : M["methodKind"] extends "server_streaming"
    ? (request: Sent<M["input"]>, options?: CallOptions) => AsyncIterable<Received<M["output"]>>
    : M["methodKind"] extends "client_streaming"
      ? (requests: Streamed<Sent<M["input"]>>, options?: CallOptions) => Promise<Received<M["output"]>>
      : (requests: Streamed<Sent<M["input"]>>, options?: CallOptions) => AsyncIterable<Received<M["output"]>>;

/** The {@link Connection} to a service, given the type of its descriptor: `ConnectionTo<typeof JobService>`. */
export type ConnectionTo<Service> = Service extends { readonly method: infer S extends GenServiceMethods }
  ? Connection<S>
  : never;

/** A client's end of a connection. */
export interface Connection<S extends GenServiceMethods> {
  /** The methods of the service, by their names in camel case. */
  readonly call: { readonly [Name in keyof S]: Caller<S[Name]> };
  /**
   * Waits until the server can be reached.
   *
   * @param timeout ms.
   * @throws GirderError `io`
   */
  ready(timeout: number): Promise<void>;
  /** Takes no more calls. Those that are open go on. */
  close(): void;
}
