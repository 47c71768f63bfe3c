/** What a batch of lines is made of. */
interface LineBatchParts {
  readonly lines: string[];
  readonly lastOffset: number;
  readonly endOffset: number;
  readonly locate: () => Float64Array;
}

/** Consecutive lines of a file, at least one, decoded from UTF-8 with malformed bytes as U+FFFD. */
export class LineBatch {
  readonly lines: readonly string[];
  /** Byte at which the last line begins: claiming it claims the lines before it. */
  readonly lastOffset: number;
  /** Byte after the last line and its delimiter, where the next line begins. */
  readonly endOffset: number;
  readonly #locate: () => Float64Array;
  #offsets: Float64Array | undefined;

  constructor({ lines, lastOffset, endOffset, locate }: LineBatchParts) {
    this.lines = lines;
    this.lastOffset = lastOffset;
    this.endOffset = endOffset;
    this.#locate = locate;
  }

  /**
   * For each line, the byte at which it begins. They are searched for in the chunk that the lines were read from when
   * this is first called, which must be before the next batch is asked for.
   */
  offsets(): Float64Array {
    this.#offsets ??= this.#locate();
    return this.#offsets;
  }

  /** The batch without its first `count` lines, undefined if none are left. */
  drop(count: number): LineBatch | undefined {
    if (count >= this.lines.length) return undefined;
    const { lastOffset, endOffset } = this;
    return new LineBatch({
      lines: this.lines.slice(count),
      lastOffset,
      endOffset,
      locate: () => this.offsets().subarray(count),
    });
  }
}
