/** `girder expansion-service`: lends a program's transforms to other SDKs. */
import { serveLentTransforms } from "./lent-transforms.js";
import { wholeNumber } from "./whole-number.js";

/** What the command is given, as it was written. */
export interface ExpansionServiceOptions {
  readonly port: string;
  readonly host: string;
}

/**
 * Serves until the process is told to end (SIGTERM, SIGINT), which it then does with exit code 0, after its workers.
 *
 * @throws GirderError see {@link serveLentTransforms}; `invalid-option`.
 */
export async function expansionServiceCommand(
  programs: readonly string[],
  { port, host }: ExpansionServiceOptions,
): Promise<void> {
  const service = await serveLentTransforms(programs, host, wholeNumber("--port", port, 0, 65_535));
  const stop = (): void => {
    process.off("SIGTERM", stop);
    process.off("SIGINT", stop);
    void service.close().finally(() => process.exit(0));
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  process.stdout.write(`girder: expansion service on ${service.address}\n`);
}
