import type { FileWriter } from "../filesystem/file-system.js";

/** Code units gathered before they are encoded and passed on. */
const FLUSH_AT = 64 * 1024;

/** Options of {@link LineWriter}. */
export interface LineWriterOptions {
  /** Written after each line. Default a line feed. */
  readonly delimiter?: string;
  /** A line written before all others, also where there are none. */
  readonly header?: string;
  /** A line written after all others. */
  readonly footer?: string;
}

/** Writes lines as UTF-8, each with a delimiter after it. A lone surrogate becomes U+FFFD. */
export class LineWriter {
  readonly #writer: FileWriter;
  readonly #delimiter: string;
  readonly #footer: string | undefined;
  #text = "";

  constructor(writer: FileWriter, { delimiter = "\n", header, footer }: LineWriterOptions = {}) {
    this.#writer = writer;
    this.#delimiter = delimiter;
    this.#footer = footer;
    if (header !== undefined) this.#text = header + delimiter;
  }

  /** Takes a line. What it returns, if anything, must be awaited before the next line: enough has been gathered. */
  write(line: string): Promise<void> | undefined {
    this.#text += line + this.#delimiter;
    return this.#text.length < FLUSH_AT ? undefined : this.#flush();
  }

  /** Writes what is left and finishes the file. */
  async close(): Promise<void> {
    if (this.#footer !== undefined) this.#text += this.#footer + this.#delimiter;
    if (this.#text !== "") await this.#flush();
    await this.#writer.close();
  }

  /** Throws away the file. */
  async abort(): Promise<void> {
    this.#text = "";
    await this.#writer.abort();
  }

  #flush(): Promise<void> {
    const bytes = Buffer.from(this.#text);
    this.#text = "";
    return this.#writer.write(bytes);
  }
}
