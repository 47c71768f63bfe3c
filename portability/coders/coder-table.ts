/** From coders to a pipeline's components. */
import { create } from "@bufbuild/protobuf";
import {
  CoderSchema,
  FunctionSpecSchema,
  type Coder as ProtoCoder,
} from "../gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { Coder } from "./coder.js";

/** Longest id that is made of the ids of components. */
const LONGEST_NAME = 60;

/**
 * Collects coders under ids such as `c_kv_string_utf8_varint`.
 *
 * Coders of one specification (URN, payload, components) have one id. The ids depend on nothing but the coders and the
 * order in which they are added.
 */
export class CoderTable {
  /** The coders added so far and their components, by id: fit for `Components.coders`. */
  readonly coders: Record<string, ProtoCoder> = {};
  /** @param prefix Begins every id. Default: none. */
  constructor(private readonly prefix = "") {}

  private readonly idsBySpec = new Map<string, string>();
  private readonly idsByCoder = new Map<Coder<unknown>, string>();

  /** Puts in the coder and its components where they are not in yet. @returns the coder's id. */
  add(coder: Coder<unknown>): string {
    const known = this.idsByCoder.get(coder);
    if (known !== undefined) return known;
    const { urn, payload = new Uint8Array(), components } = coder.spec;
    const componentIds = components.map((component) => this.add(component));
    const spec = JSON.stringify([urn, Buffer.from(payload).toString("latin1"), ...componentIds]);
    let id = this.idsBySpec.get(spec);
    if (id === undefined) {
      id = this.freeId(urn, componentIds);
      this.idsBySpec.set(spec, id);
      this.coders[id] = create(CoderSchema, {
        spec: create(FunctionSpecSchema, { urn, payload }),
        componentCoderIds: componentIds,
      });
    }
    this.idsByCoder.set(coder, id);
    return id;
  }

  private freeId(urn: string, componentIds: readonly string[]): string {
    const { prefix } = this;
    const own = `c_${nameOf(urn)}`;
    const full = [own, ...componentIds.map((id) => id.slice(prefix.length + 2))].join("_");
    const base = `${prefix}${full.length <= LONGEST_NAME ? full : own}`;
    let id = base;
    for (let n = 2; Object.hasOwn(this.coders, id); n++) id = `${base}_${n}`;
    return id;
  }
}

/** "kv" of "beam:coder:kv:v1"; of a URN in another form, its letters and digits. */
function nameOf(urn: string): string {
  const [, name = urn] = /^[^:]+:coder:([^:]+):[^:]+$/.exec(urn) ?? [];
  return name.replace(/[^A-Za-z0-9_]+/g, "_");
}
