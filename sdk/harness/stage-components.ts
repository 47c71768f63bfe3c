/** What a stage's transforms, PCollections and coders are, looked up in its descriptor. */
import { fromBinary } from "@bufbuild/protobuf";
import { type Coder, coderFromProto } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import type { StageDescriptor } from "../../portability/execution/stage.js";
import type { BoundedWindow } from "../../portability/execution/window.js";
import type { WindowTable } from "../../portability/execution/window-table.js";
import {
  CombinePayloadSchema,
  OutputTime_Enum,
  ParDoPayloadSchema,
  type PTransform,
  type WindowingStrategy,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardPTransforms } from "../../portability/urns.js";
import { ElementCodec } from "./element-codec.js";
import { windowInterner } from "./window-interner.js";

export class StageComponents {
  readonly #codecs = new Map<string, ElementCodec>();
  readonly #coders = new Map<string, Coder<unknown>>();

  constructor(
    readonly descriptor: StageDescriptor,
    readonly windows: WindowTable,
  ) {}

  transform(id: string): PTransform {
    return this.#found(this.descriptor.components.transforms[id], id);
  }

  coder(id: string): Coder<unknown> {
    let coder = this.#coders.get(id);
    if (coder === undefined) {
      coder = coderFromProto(id, this.descriptor.components);
      this.#coders.set(id, coder);
    }
    return coder;
  }

  codec(pcollection: string): ElementCodec {
    let codec = this.#codecs.get(pcollection);
    if (codec === undefined) {
      const { coderId } = this.#found(this.descriptor.components.pcollections[pcollection], pcollection);
      const windowCoder = this.coder(this.windowing(pcollection).windowCoderId) as Coder<BoundedWindow>;
      const intern = windowInterner(this.windows, windowCoder);
      codec = new ElementCodec(this.coder(coderId), windowCoder, intern, () => this.producer(pcollection));
      this.#codecs.set(pcollection, codec);
    }
    return codec;
  }

  /** Id of the transform that outputs a PCollection, the innermost one. */
  producer(pcollection: string): string {
    const { transforms } = this.descriptor.components;
    const outputting = Object.entries(transforms).filter(([, { outputs }]) =>
      Object.values(outputs).includes(pcollection),
    );
    const primitive = outputting.find(([, { subtransforms }]) => subtransforms.length === 0) ?? outputting[0];
    return primitive?.[0] ?? pcollection;
  }

  windowing(pcollection: string): WindowingStrategy {
    const { components } = this.descriptor;
    const { windowingStrategyId } = this.#found(components.pcollections[pcollection], pcollection);
    return this.#found(components.windowingStrategies[windowingStrategyId], windowingStrategyId);
  }

  /** Which timestamp a grouping of this PCollection takes of its values. */
  groupedTime(pcollection: string): "any" | "earliest" | "latest" {
    switch (this.windowing(pcollection).outputTime) {
      case OutputTime_Enum.LATEST_IN_PANE:
        return "latest";
      case OutputTime_Enum.EARLIEST_IN_PANE:
        return "earliest";
      default:
        return "any";
    }
  }

  /** Local names of a transform's inputs that are side inputs. */
  sideInputNames(transform: PTransform): ReadonlySet<string> {
    if (transform.spec === undefined || !PARDO_URNS.has(transform.spec.urn)) return new Set();
    return new Set(Object.keys(fromBinary(ParDoPayloadSchema, transform.spec.payload).sideInputs));
  }

  /** The PCollection that a transform's elements come from, or one of them. */
  mainInput(transform: PTransform): string {
    const sideInputs = this.sideInputNames(transform);
    const [main] = Object.entries(transform.inputs).flatMap(([name, input]) => (sideInputs.has(name) ? [] : [input]));
    return this.#found(main, "a main input");
  }

  parDo(transform: PTransform) {
    return fromBinary(ParDoPayloadSchema, transform.spec!.payload);
  }

  combine(transform: PTransform) {
    return fromBinary(CombinePayloadSchema, transform.spec!.payload);
  }

  #found<T>(component: T | undefined, id: string): T {
    if (component === undefined) {
      throw new GirderError("invalid-pipeline", `The stage refers to "${id}", which the pipeline does not have.`, {
        where: this.descriptor.id,
      });
    }
    return component;
  }
}

const { Primitives, SplittableParDoComponents } = StandardPTransforms;
/** URNs whose payload is a ParDoPayload. */
const PARDO_URNS: ReadonlySet<string> = new Set([Primitives.PAR_DO, ...Object.values(SplittableParDoComponents)]);
