import { fromBinary } from "@bufbuild/protobuf";
import { messageOf } from "../../portability/errors.js";
import {
  type Components,
  type PTransform,
  TestStreamPayloadSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardCoders, StandardPTransforms } from "../../portability/urns.js";
import { CoderFaults } from "./coder-faults.js";
import type { Fault } from "./fault.js";
import { topologicalIndices } from "./stage-graph.js";
import { combinePayloadOf, mainInputs, parDoPayloadOf, roleOf, urnOf } from "./transforms.js";

const RESUBMIT = "This is a fault of the SDK that built the pipeline";

/**
 * What contradicts itself in a pipeline.
 *
 * @param leaves ids of the transforms that would run.
 */
export function structureFaults(components: Components, roots: readonly string[], leaves: readonly string[]): Fault[] {
  const check = new StructureCheck(components);
  check.references(roots);
  for (const id of leaves) {
    check.leaf(id);
  }
  if (check.faults.length === 0) {
    check.flow(leaves);
  }
  return check.faults;
}

class StructureCheck {
  readonly faults: Fault[] = [];
  private readonly coders: CoderFaults;
  private readonly reportedCoders = new Set<string>();
  private readonly checkedPCollections = new Set<string>();
  private readonly names = new Set<string>();

  constructor(private readonly components: Components) {
    this.coders = new CoderFaults(components.coders);
  }

  /** Every subtransform exists. */
  references(roots: readonly string[]): void {
    const seen = new Set(roots);
    for (const id of roots) {
      if (this.components.transforms[id] === undefined) {
        this.fault("", `the root transform ${id} does not exist`);
      }
    }
    for (const id of seen) {
      const transform = this.components.transforms[id];
      for (const sub of transform?.subtransforms ?? []) {
        if (this.components.transforms[sub] === undefined) {
          this.fault(transform!.uniqueName, `its subtransform ${sub} does not exist`);
        }
        seen.add(sub);
      }
    }
  }

  /** One transform that runs, its payload, its environment, and the PCollections around it. */
  leaf(id: string): void {
    const transform = this.components.transforms[id]!;
    const where = transform.uniqueName;
    if (this.names.has(where)) {
      this.fault(where, "another transform has the same name", "Give each application of a transform its own name");
    }
    this.names.add(where);
    for (const pcollection of [...Object.values(transform.inputs), ...Object.values(transform.outputs)]) {
      this.pcollection(where, pcollection);
    }
    try {
      this.shape(transform);
    } catch (error) {
      this.fault(where, `its payload cannot be read: ${messageOf(error)}`);
    }
  }

  /** Each PCollection has one producer, and elements never travel in a circle. Expects references to be sound. */
  flow(leaves: readonly string[]): void {
    const transforms = leaves.map((id) => this.components.transforms[id]!);
    const producers = new Map<string, number>();
    transforms.forEach((transform, index) => {
      for (const output of new Set(Object.values(transform.outputs))) {
        const other = producers.get(output);
        if (other !== undefined) {
          this.fault(
            transform.uniqueName,
            `${this.nameOf(output)} is also an output of ${transforms[other]!.uniqueName}`,
          );
        }
        producers.set(output, index);
      }
    });
    const dependencies = transforms.map((transform) =>
      Object.values(transform.inputs).flatMap((input) => {
        const producer = producers.get(input);
        if (producer === undefined) {
          this.fault(transform.uniqueName, `no transform outputs its input ${this.nameOf(input)}`);
        }
        return producer ?? [];
      }),
    );
    const sorted = new Set(topologicalIndices(dependencies));
    if (sorted.size < transforms.length) {
      const circle = circleAmong(dependencies, sorted).map((index) => transforms[index]!.uniqueName);
      this.fault(circle[0]!, `its output comes back to it, by way of ${circle.join(" → ")}`);
    }
  }

  private shape(transform: PTransform): void {
    const role = roleOf(transform);
    const inputs = mainInputs(transform);
    const outputs = Object.keys(transform.outputs);
    const isFlatten = role === "flatten";
    const expected = role === "impulse" || role === "test-stream" ? 0 : 1;
    if (role !== "other" && !isFlatten && inputs.length !== expected) {
      this.fault(transform.uniqueName, `it has ${inputs.length} main inputs instead of ${expected}`);
    }
    if (role !== "other" && role !== "environment" && role !== "test-stream" && outputs.length !== 1) {
      this.fault(transform.uniqueName, `it has ${outputs.length} outputs instead of one`);
    }
    if (role === "group-by-key" || role === "combine") {
      this.keyed(transform, inputs[0]?.[1]);
    }
    if (role === "combine") {
      this.combine(transform);
    }
    if (role === "environment" || role === "combine") {
      this.environment(transform);
    }
    if (role === "test-stream") {
      this.testStream(transform);
    }
    this.parDo(transform);
  }

  private testStream({ uniqueName, spec, outputs }: PTransform): void {
    const { coderId, events } = fromBinary(TestStreamPayloadSchema, spec?.payload ?? new Uint8Array());
    this.coder(uniqueName, coderId);
    // A stream of one output need not name it.
    if (Object.keys(outputs).length === 1) return;
    const tags = new Set(
      events.flatMap(({ event: { case: kind, value } }) =>
        kind === "elementEvent" || kind === "watermarkEvent" ? value.tag : [],
      ),
    );
    for (const tag of tags) {
      if (!Object.hasOwn(outputs, tag)) {
        this.fault(uniqueName, `an event is of an output ${JSON.stringify(tag)}, which it does not have`);
      }
    }
  }

  private keyed(transform: PTransform, pcollection: string | undefined): void {
    const coder = this.components.coders[this.components.pcollections[pcollection ?? ""]?.coderId ?? ""];
    if (coder !== undefined && (coder.spec?.urn !== StandardCoders.Enum.KV || coder.componentCoderIds.length !== 2)) {
      this.fault(
        transform.uniqueName,
        `it groups by key, but the coder of its input is ${coder.spec?.urn || "none"} and not one of pairs`,
        "Make the elements before it pairs of key and value, or declare their coder",
      );
    }
  }

  private combine(transform: PTransform): void {
    const { combineFn, accumulatorCoderId } = combinePayloadOf(transform);
    if (combineFn === undefined) {
      this.fault(transform.uniqueName, "it has neither subtransforms nor a CombineFn");
    } else {
      this.coder(transform.uniqueName, accumulatorCoderId);
    }
  }

  private environment(transform: PTransform): void {
    if (transform.environmentId === "") {
      this.fault(transform.uniqueName, "it names no environment to run in");
    } else if (this.components.environments[transform.environmentId] === undefined) {
      this.fault(transform.uniqueName, `its environment ${transform.environmentId} does not exist`);
    }
  }

  private parDo(transform: PTransform): void {
    const payload = parDoPayloadOf(transform);
    if (payload === undefined) {
      return;
    }
    for (const localName of Object.keys(payload.sideInputs)) {
      if (transform.inputs[localName] === undefined) {
        this.fault(transform.uniqueName, `its side input ${localName} is not among its inputs`);
      }
    }
    for (const fault of this.coders.ofParDo(payload)) {
      this.coderFault(transform.uniqueName, fault);
    }
    if (urnOf(transform) === StandardPTransforms.Primitives.PAR_DO && payload.doFn === undefined) {
      this.fault(transform.uniqueName, "it has no DoFn");
    }
  }

  private pcollection(where: string, id: string): void {
    if (this.checkedPCollections.has(id)) {
      return;
    }
    this.checkedPCollections.add(id);
    const pcollection = this.components.pcollections[id];
    if (pcollection === undefined) {
      this.fault(where, `the PCollection ${id} does not exist`);
      return;
    }
    this.coder(where, pcollection.coderId);
    const windowing = this.components.windowingStrategies[pcollection.windowingStrategyId];
    if (windowing === undefined) {
      this.fault(
        where,
        `the windowing strategy ${pcollection.windowingStrategyId} of ${this.nameOf(id)} does not exist`,
      );
    } else if (windowing.windowFn === undefined) {
      this.fault(where, `the windowing strategy of ${this.nameOf(id)} has no window function`);
    } else {
      this.coder(where, windowing.windowCoderId);
    }
  }

  /** Reports what is wrong with a coder, once. */
  private coder(where: string, id: string): void {
    this.coderFault(where, this.coders.of(id));
  }

  private coderFault(where: string, fault: string | undefined): void {
    if (fault === undefined || this.reportedCoders.has(fault)) {
      return;
    }
    this.reportedCoders.add(fault);
    this.fault(where, fault);
  }

  private nameOf(pcollection: string): string {
    return `the PCollection ${this.components.pcollections[pcollection]?.uniqueName || pcollection}`;
  }

  private fault(where: string, what: string, remedy = RESUBMIT): void {
    this.faults.push({ code: "invalid-pipeline", where, what, remedy });
  }
}

/** Nodes of one cycle, found by walking against the edges among the nodes that could not be sorted. */
function circleAmong(dependencies: readonly (readonly number[])[], sorted: ReadonlySet<number>): number[] {
  const start = dependencies.findIndex((_, node) => !sorted.has(node));
  const path = [start];
  const position = new Map([[start, 0]]);
  for (;;) {
    const next = dependencies[path.at(-1)!]!.find((node) => !sorted.has(node))!;
    const seenAt = position.get(next);
    if (seenAt !== undefined) {
      return path.slice(seenAt).reverse();
    }
    position.set(next, path.length);
    path.push(next);
  }
}
