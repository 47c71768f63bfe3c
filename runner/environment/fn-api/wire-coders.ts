/**
 * The coders that runner and worker agree on for what passes between them.
 *
 * The runner need not understand elements, but must see where each begins and ends, and what of it is key and value. So
 * a coder that it does not know is wrapped in a length prefix, wherever it stands inside another.
 */
import { create } from "@bufbuild/protobuf";
import {
  type Coder,
  CoderSchema,
  FunctionSpecSchema,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardCoders } from "../../../portability/urns.js";
import { type Skip, skipperOf } from "./skip.js";

const { Enum: URN } = StandardCoders;

export class WireCoders {
  /** All coders: those of the pipeline, and those made here. */
  readonly coders: Record<string, Coder>;
  readonly #onWire = new Map<string, string>();
  /** Ids of the coders made here, by what they are made of. */
  readonly #made = new Map<string, string>();
  readonly #skips = new Map<string, Skip>();

  constructor(coders: Readonly<Record<string, Coder>>) {
    // Ids may be names that every object has.
    this.coders = Object.assign(Object.create(null) as Record<string, Coder>, coders);
  }

  /** The id of the coder to be used on the wire for what the pipeline codes as `id`. */
  onWire(id: string): string {
    let wire = this.#onWire.get(id);
    if (wire === undefined) {
      wire = this.#substitute(id);
      this.#onWire.set(id, wire);
    }
    return wire;
  }

  #substitute(id: string): string {
    const coder = this.#get(id);
    if (!KNOWN.has(urnOf(coder))) return this.#add(URN.LENGTH_PREFIX, [id]);
    if (urnOf(coder) === URN.LENGTH_PREFIX) return id;
    const components = coder.componentCoderIds.map((component) => this.onWire(component));
    const isSame = components.every((component, i) => component === coder.componentCoderIds[i]);
    return isSame ? id : this.#add(urnOf(coder), components, coder.spec!.payload);
  }

  /** `beam:coder:windowed_value:v1` of two coders on the wire. */
  windowedValue(value: string, window: string): string {
    return this.#add(URN.WINDOWED_VALUE, [value, window]);
  }

  /**
   * `beam:coder:windowed_value:v1` of two coders on the wire, where a worker that is sent pairs of a key and an iterable may find a token in the
   * iterable's place. The same where elements are nothing of the kind.
   */
  stateBacked(value: string, window: string): string {
    const [key, values] = this.urn(value) === URN.KV ? this.components(value) : [];
    if (key === undefined || this.urn(values!) !== URN.ITERABLE) return this.windowedValue(value, window);
    const tokens = this.#add(URN.STATE_BACKED_ITERABLE, this.components(values!));
    return this.windowedValue(this.#add(URN.KV, [key, tokens]), window);
  }

  /** How to get past a value of the coder, which must be one on the wire. */
  skip(id: string): Skip {
    let skip = this.#skips.get(id);
    if (skip === undefined) {
      const coder = this.#get(id);
      skip = skipperOf(urnOf(coder), () => coder.componentCoderIds.map((component) => this.skip(component)));
      this.#skips.set(id, skip);
    }
    return skip;
  }

  urn(id: string): string {
    return urnOf(this.#get(id));
  }

  components(id: string): readonly string[] {
    return this.#get(id).componentCoderIds;
  }

  #get(id: string): Coder {
    const coder = this.coders[id];
    if (coder === undefined) throw new Error(`there is no coder ${id}`);
    return coder;
  }

  #add(urn: string, components: readonly string[], payload: Uint8Array = new Uint8Array()): string {
    const parts = JSON.stringify([...components, Buffer.from(payload).toString("hex")]);
    const made = this.#made.get(urn + parts);
    if (made !== undefined) return made;
    let id = `wire:${urn}(${components.join()})`;
    // Ids are the pipeline's to choose: even those that look like ours.
    while (this.coders[id] !== undefined) id += "'";
    this.coders[id] = create(CoderSchema, {
      spec: create(FunctionSpecSchema, { urn, payload }),
      componentCoderIds: [...components],
    });
    this.#made.set(urn + parts, id);
    return id;
  }
}

function urnOf(coder: Coder): string {
  return coder.spec?.urn ?? "";
}

/** Coders that the runner knows: it gets past their values, or (timers) reads them. */
const KNOWN: ReadonlySet<string> = new Set([
  URN.BYTES,
  URN.STRING_UTF8,
  URN.BOOL,
  URN.VARINT,
  URN.DOUBLE,
  URN.KV,
  URN.ITERABLE,
  URN.LENGTH_PREFIX,
  URN.NULLABLE,
  URN.SHARDED_KEY,
  URN.GLOBAL_WINDOW,
  URN.INTERVAL_WINDOW,
  URN.CUSTOM_WINDOW,
  URN.TIMER,
]);
