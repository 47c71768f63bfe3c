/** PCollections of other SDKs, as this one holds them. */
import type { Coder } from "../../portability/coders/coder.js";
import { CoderRegistry, ForeignCoder, STANDARD_CODERS } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import {
  type Components,
  IsBounded_Enum,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { windowingFromProto } from "../windowing/windowing-from-proto.js";
import type { WindowingStrategy } from "./windowing.js";

export class ForeignReader {
  readonly #registry = new CoderRegistry(STANDARD_CODERS);

  constructor(readonly components: Components) {
    for (const { spec } of Object.values(components.coders)) {
      const { urn = "" } = spec ?? {};
      if (this.#registry.has(urn)) continue;
      this.#registry.register(urn, {
        create: (parts, payload) => new ForeignCoder({ urn, payload, components: parts }),
      });
    }
  }

  /** @throws GirderError `invalid-pipeline`, or `unsupported` for windows that are not known here. */
  pcollection(id: string): {
    readonly coder: Coder<unknown>;
    readonly windowing: WindowingStrategy;
    readonly bounded: boolean;
  } {
    const proto = this.components.pcollections[id];
    const windowing = proto === undefined ? undefined : this.components.windowingStrategies[proto.windowingStrategyId];
    if (proto === undefined || windowing === undefined) {
      throw new GirderError("invalid-pipeline", "A PCollection of another SDK is missing, or how it is windowed.", {
        where: id,
      });
    }
    return {
      coder: this.#registry.fromProto(proto.coderId, this.components),
      windowing: windowingFromProto(windowing, id),
      bounded: proto.isBounded !== IsBounded_Enum.UNBOUNDED,
    };
  }

  /** A coder among the components; of a URN that is not known here, one that passes values on. */
  coder(id: string): Coder<unknown> {
    return this.#registry.fromProto(id, this.components);
  }
}
