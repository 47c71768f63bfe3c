import { Minimatch } from "minimatch";

/** A pattern of paths with `/` between names. See `FileSystem.match` for what it may hold. */
export class Glob {
  readonly #matcher: Minimatch;
  /** Folder below which all matches lie, without a final slash: empty for the working folder or the root. */
  readonly base: string;
  /** Whether it can match anything but the path it is: something special is in it, or the escape of something special. */
  readonly isPattern: boolean;
  /** Whether `**` is in it. */
  readonly isRecursive: boolean;

  /** The pattern, without `./` at its beginning: what it matches is without it too. */
  readonly pattern: string;

  constructor(given: string) {
    const pattern = given.replace(/^(?:\.\/+)+(?=.)/, "");
    this.pattern = pattern;
    this.#matcher = new Minimatch(pattern, { nocomment: true, nonegate: true, noext: true, magicalBraces: true });
    this.isPattern = this.#matcher.hasMagic() || pattern.includes("\\");
    this.isRecursive = pattern.includes("**");
    this.base = commonFolder(this.#matcher.set.map((names) => names.filter((_, at) => at < literalNames(names))));
  }

  /** Whether `path` is matched. */
  matches(path: string): boolean {
    return path === this.pattern || this.#matcher.match(path);
  }

  /** Whether something in the folder `path`, or below it, may be matched. */
  mayMatchBelow(path: string): boolean {
    return this.#matcher.match(path, true);
  }
}

/** How many names from the first on are literal, the last name of the path, which is no folder, left aside. */
function literalNames(names: readonly unknown[]): number {
  const magic = names.findIndex((name) => typeof name !== "string");
  return magic === -1 ? names.length - 1 : magic;
}

function commonFolder(folders: readonly (readonly unknown[])[]): string {
  const [first = [], ...others] = folders;
  let shared = first.length;
  for (const other of others) {
    let same = 0;
    while (same < shared && other[same] === first[same]) same += 1;
    shared = same;
  }
  return first.slice(0, shared).join("/");
}
