/**
 * Asks expansion services, and waits for the answer without returning.
 *
 * A pipeline is built by functions that return PCollections, and what a PCollection of another SDK is (its coder, its windows, how
 * many of them there are) is known when the service has answered. So that applying such a transform is like applying any other,
 * this thread stands still until another one, which does the asking, has the answer. Programs build their pipeline before they
 * run it: nothing else waits then.
 *
 * _Why not_ a promise: every transform that contains one of another SDK would have to be asynchronous, and every one that
 * contains that. _Why not_ expanding when the pipeline runs: what comes after depends on the coder and the windows.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import { GirderError } from "../../portability/errors.js";
import type { Answer, Question, ThreadData } from "./expansion-thread.js";

interface Thread {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly answered: Int32Array;
}

let thread: Thread | undefined;

/** @throws GirderError see `expand`. */
export function askService(question: Question): Exclude<Answer, { readonly error: unknown }> {
  thread ??= startThread();
  const { worker, port, answered } = thread;
  Atomics.store(answered, 0, 0);
  worker.postMessage(question);
  const answer = interruptible(() => {
    Atomics.wait(answered, 0, 0);
    return receiveMessageOnPort(port)?.message as Answer | undefined;
  });
  if (answer === undefined)
    throw new GirderError("internal", "The thread that asks expansion services does not answer.");
  if (!("error" in answer)) return answer;
  const { code, what, where, remedy } = answer.error;
  throw new GirderError(code, what, {
    ...(where === undefined ? {} : { where }),
    ...(remedy === undefined ? {} : { remedy }),
  });
}

/**
 * Ends the expansion services that this program has started, with a line for each. They end with the program anyway: this is for
 * programs that go on for long. The next transform that needs one starts it again.
 */
export function stopExpansionServices(): void {
  if (thread !== undefined) askService({ kind: "stop" });
}

function startThread(): Thread {
  const file = threadFile();
  const { port1, port2 } = new MessageChannel();
  const answered = new Int32Array(new SharedArrayBuffer(4));
  const workerData: ThreadData = { port: port2, answered };
  const worker = new Worker(file, { workerData, transferList: [port2], execArgv: [] });
  // What it has open, services among them, does not keep the process; they end with it.
  worker.unref();
  port1.unref();
  return { worker, port: port1, answered };
}

/** The module of the thread, beside the package's own entry. */
function threadFile(): URL {
  try {
    return new URL("expansion-thread.js", import.meta.resolve("girder/expansion"));
  } catch (cause) {
    throw new GirderError(
      "unsupported",
      "The package girder is not where the program is, and asks expansion services.",
      {
        remedy:
          "Leave girder out of the program's bundle (--external:girder), and run it where the package is installed.",
        cause,
      },
    );
  }
}

/**
 * Does what keeps this thread from listening to signals: they end the process as they would if nobody listened, and services with it.
 */
function interruptible<T>(act: () => T): T {
  const signals = ["SIGINT", "SIGTERM"] as const;
  const listeners = signals.map((signal) => [signal, process.rawListeners(signal)] as const);
  for (const signal of signals) process.removeAllListeners(signal);
  try {
    return act();
  } finally {
    for (const [signal, all] of listeners) for (const listener of all) process.on(signal, listener as () => void);
  }
}
