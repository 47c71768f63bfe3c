/** What the SDK of an environment's workers takes part in, as far as the runner asks it to. */
import type { Environment } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardProtocols } from "../../../portability/urns.js";

const { Enum: Protocol } = StandardProtocols;

export interface SdkCapabilities {
  /** Whether it keeps state from bundle to bundle under tokens that the runner gives. */
  readonly cachesState: boolean;
  /** Whether it takes elements that come with the request to process them. */
  readonly takesEmbeddedElements: boolean;
  /** Whether it opens a data stream for each name that it is given. */
  readonly opensNamedStreams: boolean;
  /** Whether it says how far a bundle has come when it is asked. */
  readonly reportsProgress: boolean;
  /** Whether it has metrics that belong to no bundle. */
  readonly hasHarnessMetrics: boolean;
  /** Whether it gives elements that it has sampled when it is asked. */
  readonly samplesData: boolean;
  /** Whether it connects to the status service. */
  readonly reportsStatus: boolean;
}

/** Nothing beyond what every SDK does. */
export const BASIC_SDK: SdkCapabilities = {
  cachesState: false,
  takesEmbeddedElements: false,
  opensNamedStreams: false,
  reportsProgress: false,
  hasHarnessMetrics: false,
  samplesData: false,
  reportsStatus: false,
};

/** Python's workers use cache tokens and do not announce it. */
const PYTHON = "beam:version:sdk_base:apache/beam_python";

export function sdkCapabilitiesOf({ capabilities }: Pick<Environment, "capabilities">): SdkCapabilities {
  const announced = new Set(capabilities);
  return {
    cachesState: announced.has(Protocol.STATE_CACHING) || capabilities.some((urn) => urn.startsWith(PYTHON)),
    takesEmbeddedElements: announced.has(Protocol.CONTROL_REQUEST_ELEMENTS_EMBEDDING),
    opensNamedStreams: announced.has(Protocol.NAMED_DATA_STREAMS),
    // Both versions ask and answer with the same messages; Python announces the older one.
    reportsProgress: announced.has(Protocol.PROGRESS_REPORTING) || announced.has(Protocol.LEGACY_PROGRESS_REPORTING),
    hasHarnessMetrics: announced.has(Protocol.HARNESS_MONITORING_INFOS),
    samplesData: announced.has(Protocol.DATA_SAMPLING),
    reportsStatus: announced.has(Protocol.WORKER_STATUS),
  };
}
