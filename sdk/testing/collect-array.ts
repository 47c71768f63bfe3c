import type { PCollection } from "../pipeline/pcollection.js";
import { gather } from "./collect.js";

/** The elements of a PCollection, in an array that is filled when its pipeline has run in this process. */
export function collect<T>(pcollection: PCollection<T>): T[] {
  const elements: T[] = [];
  gather(pcollection, (all) => elements.splice(0, elements.length, ...all));
  return elements;
}
