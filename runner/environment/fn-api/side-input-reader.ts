/** Answers what a worker asks of side inputs: elements without their headers, or values by key. */
import { GirderError } from "../../../portability/errors.js";
import type { Batch } from "../../../portability/execution/batch.js";
import type { SideInputContents } from "../../../portability/execution/side-input.js";
import type { ElementCodec } from "./element-codec.js";
import { ElementWriter } from "./element-writer.js";
import { EncodedBatch } from "./encoded-batch.js";

interface ByKey {
  readonly key: Buffer;
  readonly values: Buffer[];
}

/** One side input of a stage, across bundles. */
export class SideInputReader {
  /** By the array of batches, which stays the same while its contents do. */
  readonly #elements = new WeakMap<readonly Batch[], readonly Buffer[]>();
  readonly #byKey = new WeakMap<readonly Batch[], ReadonlyMap<string, ByKey>>();

  constructor(readonly codec: ElementCodec) {}

  /** All elements of a window. */
  iterable(contents: SideInputContents, window: Uint8Array): readonly Uint8Array[] {
    const batches = at(contents, window);
    let chunks = this.#elements.get(batches);
    if (chunks === undefined) {
      chunks = batches.flatMap((batch) => {
        const { chunk, extents } = this.#encoded(batch);
        return Array.from(extents.values, (start, i) => chunk.subarray(start, extents.bounds[i + 1]));
      });
      this.#elements.set(batches, chunks);
    }
    return chunks;
  }

  /** The values of one key. */
  multimap(contents: SideInputContents, window: Uint8Array, key: Uint8Array): readonly Uint8Array[] {
    return this.#index(at(contents, window)).get(latin1(key))?.values ?? [];
  }

  /** All keys. */
  keys(contents: SideInputContents, window: Uint8Array): readonly Uint8Array[] {
    return Array.from(this.#index(at(contents, window)).values(), ({ key }) => key);
  }

  /** All keys, each with its values as an iterable. */
  entries(contents: SideInputContents, window: Uint8Array): readonly Uint8Array[] {
    return Array.from(this.#index(at(contents, window)).values(), ({ key, values }) => {
      const writer = new ElementWriter(64);
      writer.bytes(key);
      writer.count(values.length);
      for (const value of values) writer.bytes(value);
      return writer.take();
    });
  }

  #index(batches: readonly Batch[]): ReadonlyMap<string, ByKey> {
    const known = this.#byKey.get(batches);
    if (known !== undefined) return known;
    const index = new Map<string, ByKey>();
    for (const batch of batches) {
      const { chunk, extents } = this.#encoded(batch);
      const { bounds, values, keyEnds } = extents;
      if (keyEnds === undefined) {
        throw new GirderError("unsupported", "A side input whose elements are no pairs is read by key.", {
          remedy: "Read it as an iterable, or give the side input's PCollection a coder of pairs.",
        });
      }
      values.forEach((start, i) => {
        const key = chunk.subarray(start, keyEnds[i]);
        const value = chunk.subarray(keyEnds[i], bounds[i + 1]);
        const id = latin1(key);
        const entry = index.get(id);
        if (entry === undefined) index.set(id, { key, values: [value] });
        else entry.values.push(value);
      });
    }
    this.#byKey.set(batches, index);
    return index;
  }

  #encoded(batch: Batch): EncodedBatch {
    return batch instanceof EncodedBatch ? batch : this.codec.decode(this.codec.encode(batch));
  }
}

function at(contents: SideInputContents, window: Uint8Array): readonly Batch[] {
  return contents.at(latin1(window));
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
