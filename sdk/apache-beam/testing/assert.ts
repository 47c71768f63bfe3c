/**
 * Assertions about PCollections, which are part of the pipeline.
 *
 * @module girder/apache-beam/testing/assert
 */
import assert from "node:assert";
import { passertAt } from "../../testing/passert.js";
import { readableName } from "../adapt/names.js";
import type { PCollection } from "../pvalue.js";
import { type PTransform, withName } from "../transforms/transform.js";

/** Characters of the expected elements in the name of an assertion, at most. */
const EXCERPT = 100;

/**
 * Fails the pipeline unless the PCollection has these elements, in any order. Elements are compared as `assert.deepEqual` has it.
 *
 * @throws GirderError `assertion` when the pipeline runs.
 */
export function assertDeepEqual<T>(expected: T[]): PTransform<PCollection<T>, void> {
  const own = sorted(expected);
  const check = (actual: T[]): void => {
    // The official assertion is a loose one, so that rows need not have the same prototype.
    assert.deepEqual(sorted(actual), own);
  };
  return withName(`assertDeepEqual(${textOf(expected).slice(0, EXCERPT)})`, assertContentsSatisfies(check));
}

/**
 * Fails the pipeline unless `check` returns for the elements of the PCollection, which come in no order.
 *
 * @throws GirderError `assertion` when the pipeline runs.
 */
export function assertContentsSatisfies<T>(check: (actual: T[]) => void): PTransform<PCollection<T>, void> {
  return withName(`assertContentsSatisfies(${readableName(check)})`, ({ girder }: PCollection<T>) => {
    const { pipeline } = girder;
    passertAt(girder, pipeline.siteOf(pipeline.where) ?? "").satisfies((actual) => check([...actual]));
  });
}

function sorted<T>(values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, text: textOf(value) }))
    .sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
    .map(({ value }) => value);
}

/** The same for equal values, whatever the order of an object's properties. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => ordered(member)) ?? "undefined";
}

function ordered(member: unknown): unknown {
  if (typeof member === "bigint") return `${member}n`;
  if (typeof member !== "object" || member === null || Array.isArray(member)) return member;
  return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)));
}
