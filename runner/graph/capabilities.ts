import {
  AccumulationMode_Enum,
  type Environment,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import {
  FixedWindowsPayload,
  GlobalWindowsPayload,
  SessionWindowsPayload,
  SlidingWindowsPayload,
  StandardEnvironments,
  StandardPTransforms,
  StandardRequirements,
  StandardSideInputTypes,
} from "../../portability/urns.js";
import { type CombinePacking, OWN_PACKING } from "./combine-packing.js";
import { PYTHON_PACKING } from "./python/python-packing.js";
import { readsFromImpulse } from "./read-from-impulse.js";

/** What a runner does, as far as planning must know it. Everything else is refused before anything runs. */
export interface Capabilities {
  /** URNs of transforms that run as they are, once composites are opened. */
  readonly transforms: ReadonlySet<string>;
  /** Requirement URNs, of pipelines and of single ParDos. */
  readonly requirements: ReadonlySet<string>;
  /** Window function URNs, merging or not. */
  readonly windowFns: ReadonlySet<string>;
  /** Whether window functions of other URNs are called in their environment. */
  readonly customWindowFns: boolean;
  /** Access pattern URNs of side inputs. */
  readonly sideInputs: ReadonlySet<string>;
  /** Environment URNs. */
  readonly environments: ReadonlySet<string>;
  readonly accumulationModes: ReadonlySet<AccumulationMode_Enum>;
  /** Whether workers of the environment run deprecated reads that their SDK has not expanded. */
  readonly deprecatedReads: (environment: Environment) => boolean;
  /** Whether a bundle in the environment may read several PCollections. */
  readonly severalInputs: (environment: Environment) => boolean;
  /** How combines of one PCollection may become one, by what their environment announces. */
  readonly packings: readonly CombinePacking[];
}

const { Primitives, Composites, CombineComponents, SplittableParDoComponents } = StandardPTransforms;

/** What is done for pipelines whose functions run in the same process. */
export const DEFAULT_CAPABILITIES: Capabilities = {
  transforms: new Set([
    Primitives.IMPULSE,
    Primitives.GROUP_BY_KEY,
    Primitives.FLATTEN,
    Primitives.PAR_DO,
    Primitives.ASSIGN_WINDOWS,
    Primitives.TO_STRING,
    Composites.COMBINE_PER_KEY,
    Composites.RESHUFFLE,
    Composites.REDISTRIBUTE_BY_KEY,
    Composites.REDISTRIBUTE_ARBITRARILY,
    ...Object.values(CombineComponents),
    SplittableParDoComponents.PAIR_WITH_RESTRICTION,
    SplittableParDoComponents.SPLIT_AND_SIZE_RESTRICTIONS,
    SplittableParDoComponents.PROCESS_SIZED_ELEMENTS_AND_RESTRICTIONS,
    Primitives.TEST_STREAM,
  ]),
  requirements: new Set([
    StandardRequirements.Enum.REQUIRES_SPLITTABLE_DOFN,
    StandardRequirements.Enum.REQUIRES_STATEFUL_PROCESSING,
    StandardRequirements.Enum.REQUIRES_BUNDLE_FINALIZATION,
    StandardRequirements.Enum.REQUIRES_STABLE_INPUT,
    StandardRequirements.Enum.REQUIRES_TIME_SORTED_INPUT,
    StandardRequirements.Enum.REQUIRES_ON_WINDOW_EXPIRATION,
  ]),
  windowFns: new Set([
    GlobalWindowsPayload.Enum.PROPERTIES,
    FixedWindowsPayload.Enum.PROPERTIES,
    SlidingWindowsPayload.Enum.PROPERTIES,
    SessionWindowsPayload.Enum.PROPERTIES,
  ]),
  customWindowFns: true,
  sideInputs: new Set([StandardSideInputTypes.Enum.ITERABLE, StandardSideInputTypes.Enum.MULTIMAP]),
  environments: new Set([
    StandardEnvironments.Environments.DOCKER,
    StandardEnvironments.Environments.PROCESS,
    StandardEnvironments.Environments.EXTERNAL,
    StandardEnvironments.Environments.DEFAULT,
    StandardEnvironments.Environments.ANYOF,
  ]),
  accumulationModes: new Set([
    AccumulationMode_Enum.UNSPECIFIED,
    AccumulationMode_Enum.DISCARDING,
    AccumulationMode_Enum.ACCUMULATING,
    AccumulationMode_Enum.RETRACTING,
  ]),
  deprecatedReads: () => false,
  severalInputs: (environment) => !environment.capabilities.some((urn) => urn.startsWith("beam:version:sdk_base:go")),
  packings: [OWN_PACKING, PYTHON_PACKING],
};

/** What is done for pipelines whose functions run in workers behind the Fn API. */
export const PORTABLE_CAPABILITIES: Capabilities = {
  ...DEFAULT_CAPABILITIES,
  // No SDK's worker takes the kind of a value back and forth.
  accumulationModes: new Set([
    AccumulationMode_Enum.UNSPECIFIED,
    AccumulationMode_Enum.DISCARDING,
    AccumulationMode_Enum.ACCUMULATING,
  ]),
  deprecatedReads: readsFromImpulse,
};

/** What is done of them where the author asks for streaming. */
export function inStreams(capabilities: Capabilities = DEFAULT_CAPABILITIES): Capabilities {
  return { ...capabilities, packings: capabilities.packings.filter((packing) => packing.inStreams) };
}
