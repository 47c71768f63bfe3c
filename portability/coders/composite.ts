/** What coders made of other coders share. */
import type { Coder } from "./coder.js";

/** Why a coder made of `components` is nondeterministic: the first reason among them. */
export function nondeterminismOf(components: readonly Coder<unknown>[]): string | undefined {
  for (const component of components) {
    if (component.nondeterminism !== undefined) return component.nondeterminism;
  }
  return undefined;
}
