/** Readers of parts of sources, which are kept open between bundles. */
import { randomUUID } from "node:crypto";
import type { SourceReader } from "./source.js";

/** Readers kept open, at most: of those that nobody has gone on with, the oldest are closed. */
const MOST_OPEN = 64;

/** What is still to be read of a part of a source. */
export interface SourceRestriction {
  readonly part: unknown;
  /** Where readers that have marks go on; undefined: at the beginning. */
  readonly mark?: unknown;
  /** Elements of the part that have been read before. */
  readonly position: number;
  /** At which position others go on. Default: the part is read to its end. */
  readonly limit?: number;
  /** Names the reader that stands there, if it is still open in this process. */
  readonly reader?: string;
}

/** A reader with where it stands. */
export class OpenReader {
  #begun = false;
  /** What `start` or `advance` has said, or is going to say, of the element at {@link position}. */
  #next: boolean | Promise<boolean> | undefined;

  constructor(
    readonly part: unknown,
    readonly reader: SourceReader<unknown>,
    /** Elements of the part that were read or passed over. */
    public position: number,
  ) {}

  /** Whether there is an element at {@link position}: asks for it, unless it has been asked for. */
  next(): boolean | Promise<boolean> {
    if (this.#next === undefined) {
      const said = this.#begun ? this.reader.advance() : this.reader.start();
      this.#begun = true;
      this.#next = typeof said === "boolean" ? said : this.#settled(said);
    }
    return this.#next;
  }

  #settled(said: PromiseLike<boolean>): Promise<boolean> {
    const promise = Promise.resolve(said);
    // Who asks for it is told of a failure.
    promise.catch(() => undefined);
    return promise;
  }

  /** Notes what a promise of {@link next} has become. */
  say(next: boolean): void {
    this.#next = next;
  }

  /** Forgets what was said of the element at {@link position}. */
  ask(): void {
    this.#next = undefined;
  }

  /** Goes on behind the element at {@link position}. */
  pass(): void {
    this.position++;
    this.#next = undefined;
  }

  /** What is to be read of the part after what has been read so far. */
  rest({ limit, position: begin }: SourceRestriction, reader: string): SourceRestriction {
    const { part } = this;
    // What was read before the restriction is passed over: it is nobody's.
    const position = Math.max(begin, this.position);
    const mark = this.reader.checkpoint?.();
    return {
      part,
      position,
      reader,
      ...(mark === undefined ? {} : { mark }),
      ...(limit === undefined ? {} : { limit }),
    };
  }
}

/** Finds the reader again that stands where a restriction begins, or opens one. */
export class OpenReaders {
  readonly #open: (part: unknown, mark: unknown) => SourceReader<unknown>;
  /** Readers that wait to be gone on with, by name. */
  readonly #kept = new Map<string, OpenReader>();
  /** Readers of calls that were given up before they had awaited anything, and are begun anew. */
  readonly #suspended = new Map<SourceRestriction, OpenReader>();
  readonly #names = new WeakMap<OpenReader, string>();
  /** Readers being closed, whose end is waited for at the very end only. */
  readonly #closing = new Set<Promise<void>>();
  readonly #process = randomUUID();
  #count = 0;

  /** @param open opens a part of the source. */
  constructor(open: (part: unknown, mark: unknown) => SourceReader<unknown>) {
    this.#open = open;
  }

  /** A reader that stands at the restriction's position, or before it, where it must be moved on. */
  take(restriction: SourceRestriction): OpenReader {
    const { part, mark, position, reader: name = "" } = restriction;
    const found = this.#suspended.get(restriction) ?? this.#kept.get(name);
    this.#suspended.delete(restriction);
    this.#kept.delete(name);
    if (found !== undefined) {
      this.#names.delete(found);
      if (found.position <= position) return found;
      this.close(found);
    }
    const reader = this.#open(part, mark);
    return new OpenReader(part, reader, reader.checkpoint === undefined ? 0 : position);
  }

  /** The name by which a restriction that is left finds the reader. */
  nameOf(reader: OpenReader): string {
    let name = this.#names.get(reader);
    if (name === undefined) {
      name = `${this.#process} ${this.#count++}`;
      this.#names.set(reader, name);
    }
    return name;
  }

  /** Keeps a reader for whoever goes on from where it stands. */
  keep(reader: OpenReader): void {
    this.#kept.set(this.nameOf(reader), reader);
    const [oldest] = this.#kept;
    if (this.#kept.size <= MOST_OPEN || oldest === undefined) return;
    this.#kept.delete(oldest[0]);
    this.close(oldest[1]);
  }

  /** Keeps a reader of a call that goes on when it is awaited, or else is made anew. */
  suspend(restriction: SourceRestriction, reader: OpenReader): void {
    this.#suspended.set(restriction, reader);
  }

  /** The call has been awaited. */
  resumed(restriction: SourceRestriction): void {
    this.#suspended.delete(restriction);
  }

  close({ reader }: OpenReader): void {
    // Whatever its end throws concerns nobody any more.
    const closing = Promise.resolve(reader.close?.()).then(
      () => undefined,
      () => undefined,
    );
    this.#closing.add(closing);
    void closing.then(() => this.#closing.delete(closing));
  }

  /** Closes all that are kept. */
  async closeAll(): Promise<void> {
    for (const reader of [...this.#kept.values(), ...this.#suspended.values()]) this.close(reader);
    this.#kept.clear();
    this.#suspended.clear();
    await Promise.all(this.#closing);
  }
}
