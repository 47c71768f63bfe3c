/** Whether requests and answers are as the discovery descriptions of Google's APIs say: methods, parameters and schemas. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../root.js";

/** A schema of a discovery description: JSON Schema, draft 3, as Google uses it. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
}

interface Parameter extends Schema {
  readonly location: "path" | "query";
  readonly required?: boolean;
}

export interface Method {
  readonly httpMethod: string;
  readonly path: string;
  readonly parameters: Readonly<Record<string, Parameter>>;
  /** Names of schemas. */
  readonly request?: string;
  readonly response?: string;
}

interface Discovery {
  readonly methods: Readonly<Record<string, Method>>;
  readonly schemas: Readonly<Record<string, Schema>>;
}

const DISCOVERY = JSON.parse(readFileSync(join(ROOT, "conformance/dataflow/discovery.json"), "utf8")) as Discovery;

/** A call, as the description knows it. */
export interface KnownCall {
  /** `create`, `messages.list`, … */
  readonly name: string;
  readonly method: Method;
  /** Parameters of path and query. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** The method that is called by this request. @throws Error for none, and for parameters that it has not. */
export function methodOf(httpMethod: string, url: URL): KnownCall {
  const path = url.pathname.slice(1);
  for (const [name, method] of Object.entries(DISCOVERY.methods)) {
    if (method.httpMethod !== httpMethod) continue;
    const names: string[] = [];
    const pattern = method.path.replace(/\{\+?(\w+)\}/g, (_, each: string) => {
      names.push(each);
      return "([^/]+)";
    });
    const match = new RegExp(`^${pattern}$`).exec(path);
    if (match === null) continue;
    const inPath = Object.fromEntries(names.map((each, i) => [each, decodeURIComponent(match[i + 1]!)]));
    const parameters = { ...inPath, ...Object.fromEntries(url.searchParams) };
    for (const [each, value] of Object.entries(parameters)) {
      const parameter = method.parameters[each];
      if (parameter === undefined) throw new Error(`${name} has no parameter ${each}`);
      if (parameter.enum?.includes(value) === false) throw new Error(`${name}: ${each} cannot be ${value}`);
    }
    for (const [each, { required }] of Object.entries(method.parameters)) {
      if (required === true && parameters[each] === undefined) throw new Error(`${name} needs ${each}`);
    }
    return { name, method, parameters };
  }
  throw new Error(`there is no method ${httpMethod} ${path}`);
}

/** What of `value` is not as the schema says, each with its place. Empty where all is. */
export function violations(value: unknown, schemaName: string): string[] {
  return found(value, { $ref: schemaName }, schemaName);
}

function found(value: unknown, schema: Schema, place: string): string[] {
  if (schema.$ref !== undefined) {
    const known = DISCOVERY.schemas[schema.$ref];
    return known === undefined ? [`${place}: there is no schema ${schema.$ref}`] : found(value, known, place);
  }
  const wrong = (): string[] => [`${place}: ${JSON.stringify(value)} is no ${schema.format ?? schema.type}`];
  switch (schema.type) {
    case "string":
      if (typeof value !== "string") return wrong();
      if (schema.format === "int64" && !/^-?\d+$/.test(value)) return wrong();
      if (schema.enum !== undefined && !schema.enum.includes(value)) return [`${place}: it cannot be ${value}`];
      return [];
    case "integer":
      return Number.isInteger(value) ? [] : wrong();
    case "number":
      return typeof value === "number" ? [] : wrong();
    case "boolean":
      return typeof value === "boolean" ? [] : wrong();
    case "array":
      if (!Array.isArray(value)) return wrong();
      return value.flatMap((each, i) => found(each, schema.items ?? { type: "any" }, `${place}[${i}]`));
    case "object": {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return wrong();
      return Object.entries(value).flatMap(([name, each]) => {
        const member = schema.properties?.[name] ?? schema.additionalProperties;
        return member === undefined
          ? [`${place}.${name}: there is no such member`]
          : found(each, member, `${place}.${name}`);
      });
    }
    default:
      return value === undefined ? wrong() : [];
  }
}
