/** What bundles need of the worker that they run in. */
import type { WindowTable } from "../../portability/execution/window-table.js";
import type { FunctionTable } from "../pipeline/functions.js";
import type { BundleInputs } from "./bundle-input.js";
import type { StateCache } from "./cache.js";
import type { DataChannel } from "./data-channel.js";
import type { DataSampler } from "./data-sampler.js";
import type { PendingFinalizations } from "./pending-finalizations.js";
import type { StateChannel } from "./state-channel.js";

export interface WorkerServices {
  readonly functions: FunctionTable;
  readonly windows: WindowTable;
  readonly inputs: BundleInputs;
  readonly cache: StateCache;
  readonly finalizations: PendingFinalizations;
  readonly sampler: DataSampler;
  /** URNs of what the runner can do (`StandardRunnerProtocols`). */
  readonly runnerCapabilities: ReadonlySet<string>;
  /** The data stream of an address. */
  data(address: string): DataChannel;
  /** The state stream of an address. */
  state(address: string): StateChannel;
}
