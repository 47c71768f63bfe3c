import { create } from "@bufbuild/protobuf";
import {
  type Coder,
  CoderSchema,
  type Components,
  type PCollection,
  PCollectionSchema,
  type PTransform,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";

/**
 * What a pass adds to a pipeline, collected while it runs and applied once, so that a pass over many transforms copies
 * the components once. Ids that are taken get a number appended; replacing is only possible for transforms, by name.
 */
export class ComponentAdditions {
  private readonly transforms: Record<string, PTransform> = {};
  private readonly pcollections: Record<string, PCollection> = {};
  private readonly coders: Record<string, Coder> = {};

  constructor(private readonly base: Components) {}

  /** Adds a transform and returns the id it got. */
  transform(id: string, transform: PTransform): string {
    const free = freeId(id, this.base.transforms, this.transforms);
    this.transforms[free] = transform;
    return free;
  }

  /** Puts a rewritten transform in the place of a submitted one, under the same id. */
  replaceTransform(id: string, transform: PTransform): void {
    this.transforms[id] = transform;
  }

  /** Adds a PCollection and returns the id it got. */
  pcollection(id: string, pcollection: PCollection): string {
    const free = freeId(id, this.base.pcollections, this.pcollections);
    this.pcollections[free] = pcollection;
    return free;
  }

  /** Adds a PCollection between the parts that a transform is rewritten into: bounded and windowed as its input is. */
  between(id: string, transform: PTransform, input: PCollection, name: string, coderId: string): string {
    const { isBounded, windowingStrategyId } = input;
    const uniqueName = `${transform.uniqueName}/${name}`;
    return this.pcollection(
      `${id}/${name}`,
      create(PCollectionSchema, { uniqueName, coderId, isBounded, windowingStrategyId }),
    );
  }

  /** Adds a coder that has no payload and returns the id it got. */
  coder(id: string, urn: string, componentCoderIds: string[] = []): string {
    const free = freeId(id, this.base.coders, this.coders);
    this.coders[free] = create(CoderSchema, { spec: { urn }, componentCoderIds });
    return free;
  }

  /** The components with everything added. */
  applied(): Components {
    return {
      ...this.base,
      transforms: { ...this.base.transforms, ...this.transforms },
      pcollections: { ...this.base.pcollections, ...this.pcollections },
      coders: { ...this.base.coders, ...this.coders },
    };
  }
}

function freeId(id: string, ...taken: readonly Readonly<Record<string, unknown>>[]): string {
  let free = id;
  for (let number = 2; taken.some((map) => map[free] !== undefined); number++) {
    free = `${id}_${number}`;
  }
  return free;
}
