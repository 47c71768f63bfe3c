/** A server that plays Cloud Storage and the Dataflow API, and takes nothing that their descriptions do not know. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { methodOf, violations } from "./discovery.js";

/** How the job goes: what each poll finds. The last state stays. */
export interface Course {
  readonly states: readonly string[];
  readonly messages?: readonly object[];
  readonly metrics?: readonly object[];
  /** The state that follows when it is asked for one, such as `JOB_STATE_CANCELLED` by `JOB_STATE_CANCELLED`. */
  readonly requested?: Readonly<Record<string, string>>;
  /** Answers of these statuses come before any other. */
  readonly statuses?: readonly number[];
}

export interface Seen {
  readonly method: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly authorization: string | undefined;
}

const FIELDS = "createTime";

export class FakeGoogle {
  readonly seen: Seen[] = [];
  /** What was uploaded, by `gs://BUCKET/NAME`. */
  readonly files = new Map<string, Buffer>();
  /** What was not as the descriptions say. */
  readonly wrong: string[] = [];
  #polls = 0;
  #state: string | undefined;
  readonly #statuses: number[];

  private constructor(
    readonly course: Course,
    readonly server: Server,
  ) {
    this.#statuses = [...(course.statuses ?? [])];
  }

  static async start(course: Course): Promise<FakeGoogle> {
    const server = createServer();
    const fake = new FakeGoogle(course, server);
    server.on("request", (request, response) => {
      void fake.#answer(request).then(({ status, body }) => {
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Requests of this method. */
  of(method: string): Seen[] {
    return this.seen.filter((each) => each.method === method);
  }

  async #answer(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const busy = this.#statuses.shift();
    if (busy !== undefined) return { status: busy, body: { error: { message: `on purpose ${busy}` } } };
    try {
      const { name, method, parameters } = methodOf(request.method ?? "", new URL(request.url ?? "", this.url));
      const { authorization } = request.headers;
      const body: unknown =
        method.request === undefined ? undefined : name.startsWith("storage.") ? bytes : JSON.parse(String(bytes));
      if (method.request !== undefined && !name.startsWith("storage."))
        this.wrong.push(...violations(body, method.request));
      this.seen.push({ method: name, parameters, body, authorization });
      const answer = this.#respond(name, parameters, body, bytes);
      if (method.response !== undefined && !name.startsWith("storage."))
        this.wrong.push(...violations(answer, method.response));
      return { status: 200, body: answer };
    } catch (thrown) {
      this.wrong.push(String(thrown));
      return { status: 400, body: { error: { message: String(thrown) } } };
    }
  }

  #respond(name: string, parameters: Readonly<Record<string, string>>, body: unknown, bytes: Buffer): unknown {
    const { states, messages = [], metrics = [], requested = {} } = this.course;
    switch (name) {
      case "storage.objects.insert":
        this.files.set(`gs://${parameters["bucket"]}/${parameters["name"]}`, bytes);
        return {};
      case "create":
        return { ...(body as object), id: "job-1", [FIELDS]: "2026-11-23T00:00:00Z" };
      case "list":
        return { jobs: [{ id: "job-0", name: "running", currentState: "JOB_STATE_RUNNING" }] };
      case "get": {
        const state = this.#state ?? states[Math.min(this.#polls++, states.length - 1)];
        return { id: "job-1", currentState: state };
      }
      case "update": {
        const { requestedState = "" } = body as { requestedState?: string };
        const next = requested[requestedState];
        if (next === undefined) throw new Error(`the job cannot become ${requestedState}`);
        this.#state = next;
        return { id: "job-1" };
      }
      case "messages.list": {
        const from = parameters["startTime"];
        const all = messages as readonly { time: string }[];
        const wanted = all.filter(({ time }) => from === undefined || time >= from);
        const at = Number(parameters["pageToken"] ?? 0);
        // A page for each, so that all are asked for.
        return {
          jobMessages: wanted.slice(at, at + 1),
          ...(at + 1 < wanted.length ? { nextPageToken: String(at + 1) } : {}),
        };
      }
      default:
        return { metrics };
    }
  }
}
