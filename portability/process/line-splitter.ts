/** What a process writes, line by line. */
import { StringDecoder } from "node:string_decoder";

/** Characters of a line, at most; what is longer is cut into several. A worker may write without end and without newline. */
const LONGEST = 16_384;

/** Cuts UTF-8 bytes that come in pieces into lines, without their ends. */
export class LineSplitter {
  readonly #decoder = new StringDecoder("utf8");
  #rest = "";

  /** @param onLine is called for each line, in order. */
  constructor(readonly onLine: (line: string) => void) {}

  write(bytes: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(bytes)).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#emit(line);
    while (this.#rest.length > LONGEST) {
      this.onLine(this.#rest.slice(0, LONGEST));
      this.#rest = this.#rest.slice(LONGEST);
    }
  }

  /** What came after the last newline is a line, too. */
  end(): void {
    const rest = this.#rest + this.#decoder.end();
    this.#rest = "";
    if (rest !== "") this.#emit(rest);
  }

  #emit(line: string): void {
    const text = line.endsWith("\r") ? line.slice(0, -1) : line;
    if (text.length <= LONGEST) this.onLine(text);
    else for (let at = 0; at < text.length; at += LONGEST) this.onLine(text.slice(at, at + LONGEST));
  }
}
