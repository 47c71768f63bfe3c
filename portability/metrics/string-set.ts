import type { MetricCell } from "./metric-cell.js";
import { decodeStrings, encodeStrings } from "./payload.js";

/** Total length in UTF-16 code units at which a set takes no more strings: the limit of Beam's other SDKs. */
export const STRING_SET_CAPACITY = 1_000_000;

/**
 * A set of strings (`beam:metrics:set_string:v1`), which takes no more once their lengths together exceed
 * {@link STRING_SET_CAPACITY}: what is beyond is left out, since a metric must not fail the job.
 */
export class StringSetCell implements MetricCell<string, ReadonlySet<string>> {
  readonly kind = "string-set";
  readonly #strings = new Set<string>();
  #length = 0;

  get isEmpty(): boolean {
    return this.#strings.size === 0;
  }

  update(string: string): void {
    if (this.#length > STRING_SET_CAPACITY || this.#strings.has(string)) return;
    this.#strings.add(string);
    this.#length += string.length;
  }

  merge(other: this): void {
    for (const string of other.#strings) this.update(string);
  }

  result(): ReadonlySet<string> {
    return new Set(this.#strings);
  }

  encode(): Uint8Array {
    return encodeStrings(this.#strings);
  }

  snapshot(): this {
    const copy = new StringSetCell() as this;
    copy.merge(this);
    return copy;
  }

  /** @throws GirderError `malformed-data` */
  static decode(payload: Uint8Array): StringSetCell {
    const cell = new StringSetCell();
    for (const string of decodeStrings(payload, "string set")) cell.update(string);
    return cell;
  }
}
