/**
 * Regular expressions over PCollections of strings.
 *
 * A group is a number (0 is the whole match) or the name of a named group; lines where the group took no part in the match
 * are left out. The flags `g` and `y` of an expression do not matter: every line is looked at from its beginning.
 */
import type { KV } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";

/** A group of a regular expression, by number or name. */
export type Group = number | string;

type OverLines<O> = PTransform<PCollection<string>, PCollection<O>>;

/** The expression with exactly these of the flags that say where it is looked for. */
function compile(regex: RegExp | string, flags: string, whole = false): RegExp {
  const { source, flags: own } = typeof regex === "string" ? new RegExp(regex) : regex;
  return new RegExp(whole ? `^(?:${source})$` : source, own.replace(/[gy]/g, "") + flags);
}

/** `String.prototype` calls of one expression share its `lastIndex`; a line of `^…$` must be the whole string. */
function wholeOf(regex: RegExp | string): RegExp {
  const compiled = compile(regex, "", true);
  return compiled.multiline ? new RegExp(compiled.source, compiled.flags.replace("m", "")) : compiled;
}

/** @throws GirderError `invalid-argument` for a group that the expression does not have. */
function groupOf(regex: RegExp, group: Group): (match: RegExpMatchArray) => string | undefined {
  const sample = new RegExp(`${regex.source}|`, regex.flags).exec("");
  const known = typeof group === "number" ? group in sample! : group in (sample?.groups ?? {});
  if (!known) {
    throw new GirderError("invalid-argument", `The regular expression ${regex} has no group ${group}.`, {
      remedy: "Groups are numbered from 1, or named as in (?<name>…); 0 is the whole match.",
    });
  }
  return typeof group === "number" ? (match) => match[group] : (match) => match.groups![group];
}

function present<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}

function onMatch<O>(name: string, regex: RegExp, outputs: (match: RegExpMatchArray) => O[]): OverLines<O> {
  return named(name, (input) =>
    input.flatMap("Match", (line) => {
      const match = regex.exec(line);
      return match === null ? [] : outputs(match);
    }),
  );
}

/** Of lines that match as a whole, the group. */
export function matches(regex: RegExp | string, group: Group = 0): OverLines<string> {
  const compiled = wholeOf(regex);
  const of = groupOf(compiled, group);
  return onMatch("Regex.matches", compiled, (match) => present(of(match)));
}

/** Of lines that match as a whole, two groups as key and value. */
export function matchesKV(regex: RegExp | string, key: Group, value: Group): OverLines<KV<string, string>> {
  return pairs("Regex.matchesKV", wholeOf(regex), key, value);
}

/** The group of the first match in each line. */
export function find(regex: RegExp | string, group: Group = 0): OverLines<string> {
  const compiled = compile(regex, "");
  const of = groupOf(compiled, group);
  return onMatch("Regex.find", compiled, (match) => present(of(match)));
}

/** Two groups of the first match in each line as key and value. */
export function findKV(regex: RegExp | string, key: Group, value: Group): OverLines<KV<string, string>> {
  return pairs("Regex.findKV", compile(regex, ""), key, value);
}

function pairs(name: string, regex: RegExp, key: Group, value: Group): OverLines<KV<string, string>> {
  const [first, second] = [groupOf(regex, key), groupOf(regex, value)];
  return onMatch(name, regex, (match) => {
    const pair = { key: first(match), value: second(match) };
    return pair.key === undefined || pair.value === undefined ? [] : [pair as KV<string, string>];
  });
}

/** The group of every match in each line, each as an element of its own. */
export function findAll(regex: RegExp | string, group: Group = 0): OverLines<string> {
  const compiled = compile(regex, "g");
  const of = groupOf(compiled, group);
  return named("Regex.findAll", (input) =>
    input.flatMap("Match", (line) => Array.from(line.matchAll(compiled)).flatMap((match) => present(of(match)))),
  );
}

/** Each line with all matches replaced, by a text in the form of `String.prototype.replace` (`$1`, `$<name>`, `$&`, `$$`). */
export function replaceAll(regex: RegExp | string, replacement: string): OverLines<string> {
  const compiled = compile(regex, "g");
  return named("Regex.replaceAll", (input) => input.map("Replace", (line) => line.replace(compiled, replacement)));
}

/** Each line with its first match replaced. See {@link replaceAll}. */
export function replaceFirst(regex: RegExp | string, replacement: string): OverLines<string> {
  const compiled = compile(regex, "");
  return named("Regex.replaceFirst", (input) => input.map("Replace", (line) => line.replace(compiled, replacement)));
}

/** The parts of each line between matches, each as an element of its own; empty ones only if `outputEmpty`. */
export function split(regex: RegExp | string, outputEmpty = false): OverLines<string> {
  const compiled = compile(regex, "g");
  return named("Regex.split", (input) =>
    input.flatMap("Split", (line) => {
      const parts: string[] = [];
      let from = 0;
      for (const { 0: match, index } of line.matchAll(compiled)) {
        parts.push(line.slice(from, index));
        from = index + match.length;
      }
      parts.push(line.slice(from));
      return outputEmpty ? parts : parts.filter((part) => part !== "");
    }),
  );
}
