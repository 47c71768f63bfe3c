/** Expansion services that this program uses: each is started once, when it is first needed. */
import { writeSync } from "node:fs";
import { freePort } from "../../portability/process/free-port.js";
import type { ExpansionService, JavaService, PythonService } from "./expansion-service.js";
import { javaCommand } from "./java-service.js";
import { pythonCommand } from "./python-service.js";
import { serviceWorkers } from "./service-workers.js";
import { type ServiceCommand, StartedService } from "./started-service.js";

const PATIENCE = 60_000;

export class ServiceTable {
  readonly #started = new Map<string, Promise<StartedService>>();

  /** The service, which is started if it must be: itself, or its address. @throws GirderError `not-found`, `io` */
  async get(service: ExpansionService): Promise<StartedService | string> {
    if (typeof service === "string") return service;
    const key = JSON.stringify(Object.entries(service).sort());
    const known = this.#started.get(key);
    if (known !== undefined) {
      const started = await known;
      if (!started.isOver) return started;
    }
    const starting = start(service);
    this.#started.set(key, starting);
    starting.catch(() => this.#started.delete(key));
    return starting;
  }

  /** Ends all that were started. */
  async stop(): Promise<void> {
    const all = await Promise.allSettled(this.#started.values());
    this.#started.clear();
    await Promise.all(
      all.map(async (each) => {
        if (each.status !== "fulfilled") return;
        await each.value.end();
        say(`${each.value.what} is stopped`);
      }),
    );
  }
}

async function start(service: JavaService | PythonService): Promise<StartedService> {
  const port = await freePort();
  let command: ServiceCommand | undefined;
  const pool = runsInProcesses(service) ? await serviceWorkers(() => command!) : undefined;
  try {
    command = await ("python" in service
      ? pythonCommand(service, port, pool?.address)
      : javaCommand(service, port, say, pool?.address));
    say(`starting ${command.what}`);
    const begin = performance.now();
    const started = await StartedService.start(command, port, service.patience ?? PATIENCE, pool);
    say(`${command.what} is ready on ${started.address} after ${((performance.now() - begin) / 1000).toFixed(1)} s`);
    return started;
  } catch (thrown) {
    await pool?.close();
    throw thrown;
  }
}

function runsInProcesses(service: JavaService | PythonService): boolean {
  return (service.workers ?? ("python" in service ? "service" : "processes")) === "processes";
}

/** Written at once: the main thread, which would write for this one, waits. */
function say(line: string): void {
  try {
    writeSync(2, `girder: ${line}\n`);
  } catch {
    // Nobody reads it.
  }
}
