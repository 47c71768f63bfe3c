/** What the functions are called that are generated for transforms. */

/** Names that functions of a module of wrappers cannot have: words of the language, and what the module imports. */
const TAKEN: ReadonlySet<string> = new Set(
  (
    "arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for " +
    "function if implements import in instanceof interface let new null package private protected public return static super switch " +
    "this throw true try typeof undefined var void while with yield schemaTransform service"
  ).split(" "),
);

/**
 * A name for each identifier: its last word, `beam:schematransform:org.apache.beam:kafka_read:v1` is `kafkaRead`. Those that would be
 * called the same have more words, then their versions, then numbers.
 */
export function wrapperNames(identifiers: readonly string[]): ReadonlyMap<string, string> {
  const sorted = [...identifiers].sort();
  const lengths = new Map(sorted.map((identifier) => [identifier, 1]));
  const longest = Math.max(0, ...sorted.map((identifier) => candidates(identifier).length));
  const nameOf = (identifier: string): string => {
    const all = candidates(identifier);
    return all[Math.min(lengths.get(identifier)!, all.length) - 1]!;
  };
  for (let round = 1; round < longest; round++) {
    const byName = grouped(sorted, nameOf);
    for (const same of byName.values()) {
      if (same.length > 1) for (const identifier of same) lengths.set(identifier, lengths.get(identifier)! + 1);
    }
  }
  const used = new Set<string>();
  return new Map(
    sorted.map((identifier) => {
      const name = nameOf(identifier);
      let unique = TAKEN.has(name) ? `${name}Transform` : name;
      for (let i = 2; used.has(unique); i++) unique = `${name}${i}`;
      used.add(unique);
      return [identifier, unique];
    }),
  );
}

function grouped(all: readonly string[], key: (each: string) => string): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const each of all) groups.set(key(each), [...(groups.get(key(each)) ?? []), each]);
  return groups;
}

/** Names of an identifier, from the shortest to the one that says all of it. */
function candidates(identifier: string): readonly string[] {
  const segments = identifier.split(":");
  const version = /^v[\d.]+$/i.test(segments.at(-1) ?? "") ? segments.pop() : undefined;
  // `beam`, `schematransform` and what is written as a domain say whose it is, not what.
  const words = segments.filter((segment) => !/^(beam|schematransform|transform|)$|^\w+\.[\w.]+$/.test(segment));
  const said = words.length > 0 ? words : segments;
  const names = said.map((_, i) => camelCase(said.slice(-1 - i)));
  const last = names.at(-1)!;
  return version === undefined ? names : [...names, `${last}${version.toUpperCase().replaceAll(".", "_")}`];
}

function camelCase(segments: readonly string[]): string {
  const words = segments.flatMap((segment) => segment.split(/[^A-Za-z0-9]+/)).filter((word) => word !== "");
  const name = words.map((word, i) => (i === 0 ? lowerFirst(word) : upperFirst(word))).join("");
  if (name === "") return "transform";
  return /^\d/.test(name) ? `_${name}` : name;
}

/** `ReadAll` as `readAll`, `IORead` and `XML` as they begin in camel case: `ioRead`, `xml`. */
function lowerFirst(word: string): string {
  return word.replace(/^[A-Z]+(?=[A-Z][a-z])|^[A-Z]+/, (capitals) => capitals.toLowerCase());
}

export function upperFirst(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
