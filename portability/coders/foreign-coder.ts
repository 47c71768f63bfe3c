import { GirderError } from "../errors.js";
import type { KeyIdentity } from "../execution/key-identity.js";
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import type { Coder, CoderSpec } from "./coder.js";

/**
 * A coder of another SDK that is not known here: its values pass through a pipeline as bytes, from one transform of that SDK to
 * another. Reading or writing one is `unsupported`.
 */
export class ForeignCoder implements Coder<unknown> {
  /** Only its own SDK knows better. */
  readonly nondeterminism = undefined;

  constructor(readonly spec: CoderSpec) {}

  encode(_value: unknown, _out: ByteWriter, _nested: boolean): never {
    throw this.unreadable();
  }

  decode(_input: ByteReader, _nested: boolean): never {
    throw this.unreadable();
  }

  keyIdentity(_value: unknown): KeyIdentity {
    throw this.unreadable();
  }

  /** @param where Full name of the transform that wants to read or write. */
  unreadable(where?: string): GirderError {
    return new GirderError("unsupported", `Elements are written by a coder of another SDK: ${this.spec.urn}.`, {
      ...(where === undefined ? {} : { where }),
      remedy:
        "Have the other SDK's transform output a type that has a standard coder (strings, numbers, bytes, rows, pairs of those), " +
        "by a type hint there or by outputCoder here.",
    });
  }

  /** The first one that a coder is or contains. */
  static in(coder: Coder<unknown>): ForeignCoder | undefined {
    if (coder instanceof ForeignCoder) return coder;
    for (const component of coder.spec.components) {
      const found = ForeignCoder.in(component);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
