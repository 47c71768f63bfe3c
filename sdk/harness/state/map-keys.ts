/** Keys of maps as parts of a cell: their encoded bytes as Latin-1. */
import { ByteReader, type Coder, encodeToBytes } from "../../../portability/coders/index.js";
import type { StatePart } from "../../../portability/execution/user-state.js";
import { encodingError } from "../encoding-error.js";

export class MapKeys {
  constructor(
    readonly coder: Coder<unknown>,
    readonly transform: string,
  ) {}

  /** @throws GirderError `cannot-encode`, with the transform and the key. */
  partOf(key: unknown): string {
    try {
      return Buffer.from(encodeToBytes(this.coder, key, true)).toString("latin1");
    } catch (thrown) {
      throw encodingError(thrown, this.transform, key);
    }
  }

  keyOf(part: StatePart): unknown {
    return this.coder.decode(new ByteReader(Buffer.from(part as string, "latin1")), true);
  }
}
