/** Coders that SDKs share. */
import type { Coder } from "../../portability/coders/coder.js";
import { StandardCoders } from "../../portability/urns.js";

const SHARED: ReadonlySet<string> = new Set(Object.values(StandardCoders.Enum));

/** Whether every SDK can read what a coder writes: it and all it is made of are standard coders of the model. */
export function isShared(coder: Coder<unknown>): boolean {
  return SHARED.has(coder.spec.urn) && coder.spec.components.every(isShared);
}
