/** Programs written for npm `apache-beam`, with nothing changed but where they import it from. */
import { posix } from "node:path";

/** Where the official package's modules are, in the folder that paths are relative to. */
const PACKAGE = "src/apache_beam";

/** Module specifiers: of imports and exports, and of `require`. */
const SPECIFIER = /(\bfrom\s+|\bimport\s+|\brequire\()(["'])([^"'\n]+)\2/g;

/**
 * The program's text with its imports changed.
 *
 * @param path Of the program, in the same folder as `src/apache_beam`.
 * @param others What takes the place of modules that belong to the official package's own tests: paths by specifier.
 */
export function rewriteImports(text: string, path: string, others: ReadonlyMap<string, string> = new Map()): string {
  return text.replace(SPECIFIER, (whole, before: string, quote: string, specifier: string) => {
    const module = specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : specifier;
    const target = others.get(module) ?? targetOf(module);
    return target === undefined ? whole : `${before}${quote}${target}${quote}`;
  });
}

function targetOf(module: string): string | undefined {
  if (module === PACKAGE) return "girder/apache-beam";
  return module.startsWith(`${PACKAGE}/`) ? `girder/apache-beam/${module.slice(PACKAGE.length + 1)}` : undefined;
}
