/** Names of functions and transforms. */

/** Characters of a name that is taken from source text, at most. */
const MAX_SOURCE = 60;

type Named = { beamName?: string | (() => string); name?: unknown };

/** The name that {@link withName} has given, else the function's own; undefined where there is neither. */
export function ownName(of: unknown): string | undefined {
  const { beamName, name } = of as Named;
  if (typeof beamName === "function") return beamName();
  if (beamName !== undefined && beamName !== null) return beamName;
  return typeof name === "string" && name !== "" && name !== "anonymous" ? name : undefined;
}

/**
 * `map(double)`, or `map` for a function without a name. Source text makes no name: it is another one wherever the program was
 * compiled differently, and a worker finds functions by the names of their transforms.
 */
export function stepName(kind: string, of: unknown): string {
  const name = ownName(of);
  return name === undefined ? kind : `${kind}(${name})`;
}

/** Something readable for any function or object: its name, else its source, shortened. */
export function readableName(of: unknown): string {
  const name = ownName(of);
  if (name !== undefined) return name;
  const source = String(of).replace(/\s+/g, " ").trim();
  return source.length < MAX_SOURCE ? source : `${source.slice(0, MAX_SOURCE - 1)}…`;
}
