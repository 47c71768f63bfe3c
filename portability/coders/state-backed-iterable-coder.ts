import type { KeyIdentity } from "../execution/key-identity.js";
import { StandardCoders } from "../urns.js";
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import type { Coder, CoderSpec } from "./coder.js";
import { encodedIdentity } from "./encoding.js";
import { checkIterable } from "./iterable-coder.js";
import { readSequence, writeSequence } from "./sequence.js";

/** What else a {@link StateBackedIterableCoder} can be told. */
export interface StateBackedIterableOptions<T> {
  /**
   * The elements that an iterable goes on with behind its state token. Without it iterables that end in a token are
   * refused as malformed: nobody should send them to a worker that cannot ask for the rest.
   */
  readonly fetch?: (token: Uint8Array) => Iterable<T>;
}

/**
 * `beam:coder:state_backed_iterable:v1`: an iterable whose tail may be left in the runner's state.
 *
 * Decodes to an array, fetched tail included; encodes everything inline.
 */
export class StateBackedIterableCoder<T> implements Coder<Iterable<T>> {
  readonly spec: CoderSpec;
  readonly nondeterminism: string | undefined;
  private readonly fetch: ((token: Uint8Array) => Iterable<T>) | undefined;

  constructor(
    readonly element: Coder<T>,
    options: StateBackedIterableOptions<T> = {},
  ) {
    this.spec = { urn: StandardCoders.Enum.STATE_BACKED_ITERABLE, components: [element] };
    this.nondeterminism = element.nondeterminism;
    this.fetch = options.fetch;
  }

  encode(value: Iterable<T>, out: ByteWriter, _nested: boolean): void {
    checkIterable(value, "state-backed iterable");
    writeSequence(value, this.element, out);
  }

  decode(input: ByteReader, _nested: boolean): T[] {
    return readSequence(this.element, input, this.fetch);
  }

  keyIdentity(value: Iterable<T>): KeyIdentity {
    return encodedIdentity(this, value);
  }
}
