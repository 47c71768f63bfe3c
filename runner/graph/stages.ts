import type { Components } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";

/**
 * What a pipeline becomes before it runs: stages, each either something the runner does by itself (impulse, grouping,
 * flatten) or a chain of transforms that one environment runs in one bundle.
 *
 * A PCollection is *materialised* when it travels between stages. Everything else stays inside a bundle.
 */

/** Emits one empty byte array in the global window, once. */
export interface ImpulseStage {
  readonly kind: "impulse";
  readonly id: string;
  readonly transform: string;
  /** Id of the PCollection it fills. */
  readonly output: string;
}

/** Outputs what the events of a `TestStreamPayload` say, one event after another, whenever nothing else can be done. */
export interface TestStreamStage {
  readonly kind: "test-stream";
  readonly id: string;
  readonly transform: string;
  /** Ids of the PCollections that it fills. */
  readonly outputs: readonly string[];
}

/** Groups a PCollection of pairs by key and window. */
export interface GroupByKeyStage {
  readonly kind: "group-by-key";
  readonly id: string;
  readonly transform: string;
  readonly input: string;
  readonly output: string;
}

/**
 * Forwards every element of its inputs, with timestamp, windows and pane untouched. One input means a border that must
 * stay (reshuffle, redistribute); none means an empty PCollection. The same PCollection listed twice is forwarded twice.
 */
export interface FlattenStage {
  readonly kind: "flatten";
  readonly id: string;
  readonly transform: string;
  readonly inputs: readonly string[];
  readonly output: string;
}

/** A main input of a transform inside a stage: the transform's id and its local name for the input. */
export interface InputSlot {
  readonly transform: string;
  readonly localName: string;
}

/** A PCollection that enters a stage, and everyone inside who reads it: siblings, or one transform twice. */
export interface StageInput {
  readonly pcollection: string;
  readonly consumers: readonly InputSlot[];
}

/** A PCollection that a transform of the stage looks up instead of being driven by. */
export interface StageSideInput extends InputSlot {
  readonly pcollection: string;
}

/** Transforms that one environment runs together, handing elements on without the runner. */
export interface ExecutableStage {
  readonly kind: "executable";
  readonly id: string;
  /** Id of the environment in the components. */
  readonly environment: string;
  /** Producers before consumers. */
  readonly transforms: readonly string[];
  readonly inputs: readonly StageInput[];
  /** Ids of the PCollections that leave the stage: read by other stages, or as side inputs. */
  readonly outputs: readonly string[];
  readonly sideInputs: readonly StageSideInput[];
  /** Keeps state or timers per key: all elements of a key and window belong in one bundle at a time. */
  readonly stateful: boolean;
  /** Its one input holds restrictions, and a running bundle may be split inside an element. */
  readonly splittable: boolean;
  /** Makes restrictions end while the job is being drained, and until then lets them pass: it runs nothing else. */
  readonly truncating: boolean;
}

export type PlanStage = ImpulseStage | TestStreamStage | GroupByKeyStage | FlattenStage | ExecutableStage;

/** A pipeline on its way from what was submitted to what runs. Never changed in place. */
export interface Plan {
  /** The submitted components and what passes added. Ids of submitted transforms and PCollections are never renamed. */
  readonly components: Components;
  /** Ids of the outermost transforms. */
  readonly roots: readonly string[];
  readonly stages: readonly PlanStage[];
  /** Decisions worth telling the author, such as why a combine was not lifted. */
  readonly notes: readonly string[];
}

/** The PCollections whose elements drive a stage, one entry per PCollection and reader outside of executable stages. */
export function mainInputsOf(stage: PlanStage): readonly string[] {
  switch (stage.kind) {
    case "impulse":
    case "test-stream":
      return [];
    case "group-by-key":
      return [stage.input];
    case "flatten":
      return stage.inputs;
    case "executable":
      return stage.inputs.map((input) => input.pcollection);
  }
}

/** The PCollections a stage looks up. */
export function sideInputsOf(stage: PlanStage): readonly string[] {
  return stage.kind === "executable" ? stage.sideInputs.map((input) => input.pcollection) : [];
}

/** The PCollections a stage materialises. */
export function outputsOf(stage: PlanStage): readonly string[] {
  return stage.kind === "executable" || stage.kind === "test-stream" ? stage.outputs : [stage.output];
}

/** Ids of the transforms a stage runs. */
export function transformsOf(stage: PlanStage): readonly string[] {
  return stage.kind === "executable" ? stage.transforms : [stage.transform];
}
