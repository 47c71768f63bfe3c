import { GirderError } from "girder";

/**
 * The candidates that an option names, in its order: all if it is not given.
 *
 * @throws GirderError `invalid-option` for a name of none.
 */
export function chosen<T>(
  option: string,
  names: string | undefined,
  candidates: readonly T[],
  nameOf: (candidate: T) => string,
): readonly T[] {
  if (names === undefined) return candidates;
  return names.split(",").map((name) => {
    const found = candidates.find((candidate) => nameOf(candidate) === name);
    if (found !== undefined) return found;
    const remedy = `Use some of: ${candidates.map(nameOf).join(", ")}.`;
    throw new GirderError("invalid-option", `--${option} names ${name}.`, { remedy });
  });
}
