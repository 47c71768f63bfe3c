/**
 * Programs of the simulation, as plain data: what is built as a pipeline by `pipeline.ts` and computed over arrays by
 * `oracle.ts`.
 *
 * All elements are small whole numbers. Each step makes collections, numbered in the order in which they come to be, and
 * names those it reads by these numbers.
 */
import type { WindowFn } from "girder";

/** An element of a source, at its time (ms). */
export interface SourceElement {
  readonly value: number;
  readonly timestamp: number;
}

/** What a step is called by, in {@link ElementWise} and {@link Grouping} steps. */
export const ELEMENT_WISE = [
  "map",
  "asyncMap",
  "filter",
  "asyncFilter",
  "flatMap",
  "asyncGenerator",
  "bundled",
] as const;
export const GROUPINGS = ["groupByKey", "combinePerKey", "combineWithFanout", "distinct"] as const;

/** Functions of an element alone; `salt` makes those of one kind differ. */
interface ElementWise {
  readonly op: (typeof ELEMENT_WISE)[number];
  readonly input: number;
  readonly salt: number;
}

/** Groups the elements by their value modulo `keys`. */
interface Grouping {
  readonly op: (typeof GROUPINGS)[number];
  readonly input: number;
  readonly keys: number;
}

/** One step. */
export type Step =
  | { readonly op: "source"; readonly elements: readonly SourceElement[] }
  | ElementWise
  | Grouping
  /** Puts elements into other windows, having moved each into the future by up to `shift` ms, depending on its value. */
  | { readonly op: "window"; readonly input: number; readonly windowFn: WindowFn; readonly shift: number }
  | { readonly op: "reshuffle"; readonly input: number }
  | { readonly op: "combineGlobally"; readonly input: number }
  /** Combines one PCollection of pairs in two ways, which makes two collections. */
  | { readonly op: "combines"; readonly input: number; readonly keys: number }
  | { readonly op: "coGroup"; readonly left: number; readonly right: number; readonly keys: number }
  | { readonly op: "flatten"; readonly inputs: readonly number[] }
  /** Makes `into` collections. */
  | { readonly op: "partition"; readonly input: number; readonly into: number }
  /** Joins each element with what the other collection has in the window that belongs to the element's. */
  | { readonly op: "sideInput"; readonly input: number; readonly side: number; readonly view: "list" | "multimap" };

export type Program = readonly Step[];

/** All values stay below it. */
export const MODULUS = 1009;

/** The numbers of the collections that a step reads. */
export function inputsOf(step: Step): readonly number[] {
  switch (step.op) {
    case "source":
      return [];
    case "flatten":
      return step.inputs;
    case "coGroup":
      return [step.left, step.right];
    case "sideInput":
      return [step.input, step.side];
    default:
      return [step.input];
  }
}

/** Numbers of the collections that no step reads: what a program is judged by. */
export function leavesOf(program: Program): number[] {
  const read = new Set(program.flatMap(inputsOf));
  const count = program.reduce((sum, step) => sum + outputsOf(step), 0);
  return Array.from({ length: count }, (_, i) => i).filter((i) => !read.has(i));
}

/** How many collections a step makes. */
export function outputsOf(step: Step): number {
  switch (step.op) {
    case "partition":
      return step.into;
    case "combines":
      return 2;
    default:
      return 1;
  }
}
