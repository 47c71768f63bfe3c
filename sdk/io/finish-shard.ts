/** The last step of writing: temporary files become one that has its final name. */
import { GirderError } from "../../portability/errors.js";
import { type FileWriter, fileSystemFor } from "./filesystem/index.js";
import { type Compression, compressing } from "./lines/index.js";
import type { Part, Shard } from "./shards.js";

/** What surrounds the lines of each file. */
export interface ShardFrame {
  /** Text before and after the lines, with its delimiters; may be empty. */
  readonly before: string;
  readonly after: string;
  readonly compression: Compression;
}

/**
 * Writes a shard. The file appears under its name when it is complete; doing it again makes the same file again, as long as
 * the temporary files are there.
 *
 * @param signal Ends it early, with nothing left under the name.
 * @throws GirderError `corrupt-file` for a temporary file that is shorter than it was.
 */
export async function finishShard(
  { path, parts }: Shard,
  { before, after, compression }: ShardFrame,
  signal: AbortSignal,
): Promise<void> {
  const writer = compressing(await fileSystemFor(path).create(path), compression);
  try {
    if (before !== "") await writer.write(Buffer.from(before));
    for (const part of parts) await copy(part, writer, signal);
    if (after !== "") await writer.write(Buffer.from(after));
    await writer.close();
  } catch (thrown) {
    await writer.abort();
    throw thrown;
  }
}

async function copy({ path, start, end }: Part, writer: FileWriter, signal: AbortSignal): Promise<void> {
  let copied = 0;
  const files = fileSystemFor(path);
  if (files.openSync === undefined) {
    for await (const chunk of files.open(path, { start, end })) {
      signal.throwIfAborted();
      await writer.write(chunk);
      copied += chunk.length;
    }
  } else {
    const chunks = files.openSync(path, { start, end });
    try {
      for (let chunk = chunks.read(); chunk !== undefined; chunk = chunks.read()) {
        signal.throwIfAborted();
        await writer.write(chunk);
        copied += chunk.length;
      }
    } finally {
      chunks.close();
    }
  }
  if (copied === end - start) return;
  throw new GirderError("corrupt-file", `A temporary file has ${copied} bytes where ${end - start} were written.`, {
    where: path,
    remedy: "Run the pipeline again, and leave its temporary folder alone meanwhile.",
  });
}
