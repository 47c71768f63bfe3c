/** `girder expand generate`: functions for the transforms of an expansion service. */
import { writeFile } from "node:fs/promises";
import { GirderError, messageOf } from "../../portability/errors.js";
import { stopExpansionServices } from "../expansion/ask-service.js";
import { describeService, type ExpansionService } from "../expansion/expansion-service.js";
import { schemaTransforms } from "../expansion/schema-transform.js";
import { wrapperModule } from "../expansion/wrappers/wrapper-module.js";

/** What the command is given, as it was written. */
export interface ExpandOptions {
  readonly service?: string;
  readonly jar?: string;
  readonly classPath?: string;
  readonly maven?: readonly string[];
  readonly python?: string;
  readonly module?: string;
  readonly arg?: readonly string[];
  readonly only?: string;
  readonly out?: string;
}

/**
 * Writes a module of functions for the transforms that a service describes, to `--out` or the standard output.
 *
 * @throws GirderError `invalid-option` for options that do not say which service; `not-found` where it has no such transform; `io`
 * where the file cannot be written; see also `schemaTransforms`.
 */
export async function expandGenerateCommand(options: ExpandOptions): Promise<void> {
  const { only, out } = options;
  const service = serviceOf(options);
  const pattern = only === undefined ? undefined : patternOf(only);
  try {
    const all = schemaTransforms(service);
    const chosen = all.filter(({ identifier }) => pattern?.test(identifier) ?? true);
    if (chosen.length === 0) {
      throw new GirderError("not-found", "The expansion service has no such schema transform.", {
        where: describeService(service),
        remedy:
          all.length === 0 ? "It has none at all." : `It has: ${all.map(({ identifier }) => identifier).join(", ")}.`,
      });
    }
    const text = wrapperModule(chosen, service);
    if (out === undefined) {
      process.stdout.write(text);
      return;
    }
    await writeFile(out, text).catch((cause: unknown) => {
      throw new GirderError("io", `The file cannot be written: ${messageOf(cause)}`, { where: out, cause });
    });
    process.stderr.write(`girder: ${out} has ${chosen.length} transform${chosen.length === 1 ? "" : "s"}\n`);
  } finally {
    stopExpansionServices();
  }
}

function serviceOf({ service, jar, classPath, maven, python, module, arg: args }: ExpandOptions): ExpansionService {
  const given = [
    ...(service === undefined ? [] : [service]),
    ...(jar === undefined ? [] : [{ jar }]),
    ...(classPath === undefined ? [] : [{ classPath: classPath.split(":") }]),
    ...(maven === undefined ? [] : [{ maven }]),
    ...(python === undefined ? [] : [{ python, ...(module === undefined ? {} : { module }) }]),
  ];
  const [only] = given;
  if (given.length !== 1 || only === undefined) {
    throw new GirderError("invalid-option", "It is not said which one service has the transforms.", {
      where: "--service",
      remedy: "Give one of --service, --jar, --class-path, --maven and --python.",
    });
  }
  return typeof only === "string" || args === undefined ? only : { ...only, args };
}

function patternOf(only: string): RegExp {
  try {
    return new RegExp(only);
  } catch (cause) {
    throw new GirderError("invalid-option", `"${only}" is no regular expression.`, { where: "--only", cause });
  }
}
