/** Compressed files, which can only be read from the beginning to the end. */
import { pipeline, Readable, type Transform } from "node:stream";
import {
  createBrotliCompress,
  createBrotliDecompress,
  createDeflate,
  createGunzip,
  createGzip,
  createInflate,
} from "node:zlib";
import { GirderError, messageOf } from "../../../portability/errors.js";
import type { FileWriter } from "../filesystem/file-system.js";

/** How a file is compressed. `deflate` is the zlib format, as Beam's other SDKs have it. */
export type Compression = "none" | "gzip" | "deflate" | "brotli";

/** Bytes that come out at a time. */
const chunkSize = 64 * 1024;

/** The compression that a file's name ends with (`.gz`, `.deflate`, `.br`), in whatever case. */
export function compressionOf(path: string): Compression {
  const extension = /\.(gz|deflate|br)$/i.exec(path)?.[1]?.toLowerCase();
  return extension === "gz" ? "gzip" : extension === "br" ? "brotli" : extension === "deflate" ? "deflate" : "none";
}

/**
 * The bytes that `chunks`, the content of the file `path`, were made of.
 *
 * @throws GirderError `corrupt-file`, while iterating, for a file that is truncated, damaged or not compressed so.
 */
export async function* decompress(
  chunks: AsyncIterable<Uint8Array>,
  compression: Compression,
  path: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (compression === "none") {
    yield* chunks;
    return;
  }
  let isEmpty = true;
  let failure: { readonly cause: unknown } | undefined;
  // Only what reading throws is noted: a failing inflater is thrown into the generator too, where it yields.
  async function* source(): AsyncGenerator<Uint8Array> {
    const iterator = chunks[Symbol.asyncIterator]();
    const next = (): Promise<IteratorResult<Uint8Array>> =>
      iterator.next().catch((cause: unknown) => {
        failure = { cause };
        throw cause;
      });
    try {
      for (let result = await next(); !result.done; result = await next()) {
        isEmpty = false;
        yield result.value;
      }
    } finally {
      await iterator.return?.();
    }
  }
  const inflater = decompressor(compression);
  // The pipeline destroys the inflater with whatever goes wrong, so that it is thrown below.
  pipeline(Readable.from(source()), inflater, () => {});
  try {
    yield* inflater;
  } catch (cause) {
    if (failure !== undefined) throw failure.cause;
    throw corrupt(compression, path, messageOf(cause), cause);
  }
  // Of nothing at all, zlib makes nothing without complaint.
  if (isEmpty) throw corrupt(compression, path, "it is empty");
}

/** A writer that compresses what it passes on to `writer`. */
export function compressing(writer: FileWriter, compression: Compression): FileWriter {
  if (compression === "none") return writer;
  const deflater = compressor(compression);
  const passedOn = (async () => {
    for await (const chunk of deflater) await writer.write(chunk);
  })();
  // Reported by the write or close that waits for it.
  passedOn.catch(() => {});
  return {
    async write(chunk) {
      try {
        await new Promise<void>((resolve, reject) => {
          deflater.write(chunk, (error) => (error ? reject(error) : resolve()));
        });
      } catch (cause) {
        // If passing on failed, the deflater only says that it was destroyed.
        await passedOn;
        throw cause;
      }
    },
    async close() {
      deflater.end();
      await passedOn;
      await writer.close();
    },
    async abort() {
      deflater.destroy();
      await passedOn.catch(() => {});
      await writer.abort();
    },
  };
}

function decompressor(compression: Exclude<Compression, "none">): Transform {
  if (compression === "gzip") return createGunzip({ chunkSize });
  return compression === "deflate" ? createInflate({ chunkSize }) : createBrotliDecompress({ chunkSize });
}

function compressor(compression: Exclude<Compression, "none">): Transform {
  if (compression === "gzip") return createGzip({ chunkSize });
  return compression === "deflate" ? createDeflate({ chunkSize }) : createBrotliCompress({ chunkSize });
}

function corrupt(compression: Compression, path: string, why: string, cause?: unknown): GirderError {
  return new GirderError("corrupt-file", `The file cannot be decompressed as ${compression}: ${why}.`, {
    where: path,
    remedy: "It may be truncated, or not be compressed that way; copy it again or name the compression.",
    ...(cause === undefined ? {} : { cause }),
  });
}
