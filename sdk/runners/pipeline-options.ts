/**
 * Options of a program, from the command line.
 *
 * ```ts
 * const options = pipelineOptions({
 *   input: { type: "string", default: "examples/data/kjv.txt", description: "Files to read (glob)." },
 *   top: { type: "number", default: 10, description: "How many words to show." },
 * });
 * options.input; // string
 * ```
 *
 * Every program also takes the options of runners ({@link RunnerOptions}) and `--help`. An option is written in kebab
 * case: `maxWords` is `--max-words`.
 */
import { parseArgs } from "node:util";
import { GirderError } from "../../portability/errors.js";
import { ambient } from "./ambient.js";
import { DATAFLOW_OPTIONS } from "./dataflow/dataflow-options.js";
import { FLINK_OPTIONS } from "./flink/flink-options.js";
import { JOB_SERVER_OPTIONS } from "./job-server/job-server-options.js";
import { PRISM_OPTIONS } from "./prism/prism-options.js";
import { SPARK_OPTIONS } from "./spark/spark-options.js";

/** What an option is. One without default is required, unless it says `required: false`. */
export interface OptionSpec {
  readonly type: "string" | "number" | "boolean";
  readonly description: string;
  readonly default?: string | number | boolean;
  readonly required?: boolean;
}

type TypeOf<S extends OptionSpec> = S["type"] extends "number"
  ? number
  : S["type"] extends "boolean"
    ? boolean
    : string;

/** The values of options. */
export type OptionValues<S extends Readonly<Record<string, OptionSpec>>> = {
  readonly [K in keyof S]: S[K] extends { readonly required: false } ? TypeOf<S[K]> | undefined : TypeOf<S[K]>;
};

/** What every runner is told, or all but a few. */
const COMMON_OPTIONS = {
  runner: {
    type: "string",
    default: "embedded",
    description: "Where to run: embedded, portable, prism, flink, spark or dataflow.",
  },
  jobEndpoint: {
    type: "string",
    required: false,
    description: "HOST:PORT of the job service to run on, with --runner=portable, flink or spark.",
  },
  environmentType: {
    type: "string",
    default: "LOOPBACK",
    description: "Where the functions run, if not embedded: LOOPBACK (in this process), EXTERNAL, PROCESS or DOCKER.",
  },
  environmentConfig: {
    type: "string",
    required: false,
    description:
      "Of EXTERNAL, HOST:PORT of the worker pool; of PROCESS, the command that starts a worker, as JSON; of DOCKER, the image.",
  },
  workerProgram: {
    type: "string",
    required: false,
    description: "The module that workers run to find the functions, if it is not the program itself.",
  },
  workerExternal: {
    type: "string",
    required: false,
    description: "Packages that workers have, with commas between: they do not travel with the program.",
  },
  jobName: { type: "string", default: "girder", description: "What the job is called there." },
  memoryBudget: {
    type: "string",
    default: "1g",
    description: "Memory for grouped and waiting elements, such as 512m; more is spilled to disk.",
  },
  streaming: {
    type: "boolean",
    description:
      "Close bundles soon, so that results come soon, also where all inputs end. Always so where one does not.",
  },
  until: {
    type: "string",
    required: false,
    description: "available: process what is there now and end, also where sources would go on for ever.",
  },
  maxBundleSize: { type: "number", required: false, description: "Elements in a bundle, at most." },
  maxBundleTime: {
    type: "number",
    required: false,
    description: "Ms that a bundle lasts, at most: 1000 if not given, 20 when streaming.",
  },
  bundleAttempts: { type: "number", default: 4, description: "How often a bundle lost with its worker is tried." },
  failBundles: { type: "number", default: 0, description: "Share of bundles lost at random, to test retries." },
  splitBundles: { type: "number", default: 0, description: "Share of bundles split at random, to test splitting." },
  seed: { type: "number", default: 0, description: "Seed of the random choices of this run." },
} as const satisfies Record<string, OptionSpec>;

/** Options of single runners, under what `--help` says of them. */
const OPTIONS_OF_RUNNERS: readonly (readonly [string, Readonly<Record<string, OptionSpec>>])[] = [
  ["Options of --runner=prism:", PRISM_OPTIONS],
  ["Options of --runner=flink:", FLINK_OPTIONS],
  ["Options of --runner=spark:", SPARK_OPTIONS],
  ["Options of job servers, with --runner=portable, flink or spark:", JOB_SERVER_OPTIONS],
  ["Options of --runner=dataflow:", DATAFLOW_OPTIONS],
];

/** What runners are told. */
export const RUNNER_OPTIONS = {
  ...COMMON_OPTIONS,
  ...PRISM_OPTIONS,
  ...FLINK_OPTIONS,
  ...SPARK_OPTIONS,
  ...JOB_SERVER_OPTIONS,
  ...DATAFLOW_OPTIONS,
} as const satisfies Record<string, OptionSpec>;

export type RunnerOptions = Partial<OptionValues<typeof RUNNER_OPTIONS>>;

/** `maxWords` as it is written on the command line. */
export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/**
 * The values of a program's options and the runner's.
 *
 * @param argv Arguments. Default: those that the program was started with.
 * @throws GirderError `invalid-option` for an option that does not exist, a value of the wrong type, or a required option
 * that is missing. With `--help` it prints what there is and ends the process.
 */
export function pipelineOptions<const S extends Readonly<Record<string, OptionSpec>>>(
  specs: S,
  argv: readonly string[] = ambient().argv ?? process.argv.slice(2),
): OptionValues<S> & RunnerOptions {
  const all: Readonly<Record<string, OptionSpec>> = { ...RUNNER_OPTIONS, ...specs };
  const byFlag = new Map(Object.entries(all).map(([name, spec]) => [kebab(name), { name, spec }]));
  const values = parse(argv, byFlag);
  if (values["help"] === true) {
    process.stdout.write(helpText(specs));
    process.exit(0);
  }
  const result: Record<string, unknown> = {};
  for (const [flag, { name, spec }] of byFlag) {
    const value = values[flag];
    if (value !== undefined) result[name] = converted(flag, spec, value);
    else if (spec.default !== undefined) result[name] = spec.default;
    else if (spec.type === "boolean") result[name] = false;
    else if (spec.required !== false) {
      throw new GirderError("invalid-option", `--${flag} is missing.`, {
        where: `--${flag}`,
        remedy: `${spec.description} See --help.`,
      });
    }
  }
  return result as OptionValues<S> & RunnerOptions;
}

type Flags = ReadonlyMap<string, { readonly name: string; readonly spec: OptionSpec }>;

function parse(argv: readonly string[], flags: Flags): Readonly<Record<string, unknown>> {
  const options: Record<string, { type: "string" | "boolean"; short?: string }> = {
    help: { type: "boolean", short: "h" },
  };
  for (const [flag, { spec }] of flags) options[flag] = { type: spec.type === "boolean" ? "boolean" : "string" };
  const { values, tokens } = parseArgs({
    args: [...argv],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === "positional") {
      throw new GirderError("invalid-option", `"${token.value}" is not an option.`, {
        where: token.value,
        remedy: "Options are written --name=value or --name value. See --help.",
      });
    }
    if (token.kind !== "option") continue;
    const known = options[token.name];
    if (known === undefined) throw unknownOption(token.rawName, flags);
    if (known.type === "string" && token.value === undefined) {
      throw new GirderError("invalid-option", `${token.rawName} has no value.`, {
        where: token.rawName,
        remedy: `Write ${token.rawName}=VALUE.`,
      });
    }
    if (known.type === "boolean" && token.value !== undefined) {
      throw new GirderError("invalid-option", `${token.rawName} takes no value.`, {
        where: token.rawName,
        remedy: `Write ${token.rawName} alone.`,
      });
    }
  }
  return values;
}

function unknownOption(flag: string, flags: Flags): GirderError {
  const near = [...flags.keys()]
    .filter((known) => distance(known, flag.replace(/^-+/, "")) <= 2)
    .map((known) => `--${known}`);
  return new GirderError("invalid-option", `There is no option ${flag}.`, {
    where: flag,
    remedy: near.length > 0 ? `Did you mean ${near.join(" or ")}?` : "See --help.",
  });
}

/** Letters to insert, delete or replace to make one word of the other (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}

function converted(flag: string, spec: OptionSpec, value: unknown): unknown {
  if (spec.type !== "number") return value;
  const number = Number(value);
  if (value === "" || Number.isNaN(number)) {
    throw new GirderError("invalid-option", `--${flag}=${String(value)} is not a number.`, {
      where: `--${flag}`,
      remedy: spec.description,
    });
  }
  return number;
}

/** What `--help` prints. */
export function helpText(specs: Readonly<Record<string, OptionSpec>>): string {
  const section = (title: string, options: Readonly<Record<string, OptionSpec>>): string[] => {
    const flags = Object.entries(options).map(([name, { type }]) =>
      type === "boolean" ? `--${kebab(name)}` : `--${kebab(name)}=${type.toUpperCase()}`,
    );
    const width = Math.max(28, ...flags.map(({ length }) => length));
    const rows = Object.values(options).map((spec, i) => {
      const end =
        spec.default === undefined
          ? spec.required === false || spec.type === "boolean"
            ? ""
            : " Required."
          : ` Default: ${spec.default}.`;
      return `  ${flags[i]!.padEnd(width)} ${spec.description}${end}`;
    });
    return rows.length === 0 ? [] : [title, ...rows, ""];
  };
  return [
    ...section("Options of the program:", specs),
    ...section("Options of the runner:", COMMON_OPTIONS),
    ...OPTIONS_OF_RUNNERS.flatMap(([title, options]) => section(title, options)),
  ].join("\n");
}

/** Less than this (bytes) is a size whose unit was forgotten. */
const LEAST_BUDGET = 1024;

/**
 * The bytes of `--memory-budget`, a size such as `64k`, `512m` or `2g`.
 *
 * @throws GirderError `invalid-option`
 */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(text.trim());
  if (match === null) {
    throw new GirderError("invalid-option", `"${text}" is not a size.`, {
      where: "--memory-budget",
      remedy: "Write it as bytes or as 64k, 512m, 2g.",
    });
  }
  const bytes = Math.floor(Number(match[1]) * 1024 ** " kmgt".indexOf((match[2] || " ").toLowerCase()));
  if (bytes < LEAST_BUDGET) {
    throw new GirderError("invalid-option", `${text} is a budget of ${bytes} bytes, in which nothing has room.`, {
      where: "--memory-budget",
      remedy: `Write what it is counted in: ${match[1]}m for megabytes.`,
    });
  }
  return bytes;
}
