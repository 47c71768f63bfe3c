/**
 * Tokens under which a worker may keep what it has read of state, from one bundle of a stage to the next.
 *
 * A token stands for contents: whatever a worker has kept under one is still right in each bundle that is given the same one. What a
 * bundle itself does to user state the worker does to what it keeps, too. So the token of user state is good as long as all that
 * bundles have done was committed; that of a side input as long as no window of it that a bundle reads has changed.
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Batch } from "../../../portability/execution/batch.js";
import type { SideInputContents } from "../../../portability/execution/side-input.js";
import type { BundleTask, StageDescriptor } from "../../../portability/execution/stage.js";
import type { ProcessBundleRequest_CacheTokenSchema } from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";

type CacheToken = MessageInitShape<typeof ProcessBundleRequest_CacheTokenSchema>;

/** Windows of a side input that are remembered under one token. Streams have ever new ones. */
const MAX_WINDOWS = 4096;

let tokens = 0;

/** A token that no other worker or stage of the process is given. */
function newToken(): Uint8Array {
  return Buffer.from(String(++tokens));
}

/** What a side input was in bundles that have had the same token, by its windows. */
interface SideInputToken {
  readonly token: Uint8Array;
  /** The arrays are the same objects for as long as their contents are; they need not be kept for this. */
  readonly known: Map<string, WeakRef<readonly Batch[]>>;
}

/** The tokens of one stage for one worker. */
export class CacheTokens {
  #userState = newToken();
  readonly #sideInputs: SideInputToken[];

  constructor(readonly stage: StageDescriptor) {
    this.#sideInputs = stage.sideInputs.map(newSideInputToken);
  }

  /** The tokens for a bundle that begins. */
  forBundle(task: Pick<BundleTask, "sideInputs">): CacheToken[] {
    const { states, sideInputs } = this.stage;
    const tokens = sideInputs.map(({ transform: transformId, localName: sideInputId }, i): CacheToken => {
      const token = this.#sideInput(i, task.sideInputs[i]!);
      return { token, type: { case: "sideInput", value: { transformId, sideInputId } } };
    });
    if (states.length > 0) tokens.push({ token: this.#userState, type: { case: "userState", value: {} } });
    return tokens;
  }

  /** A bundle was not committed: what the worker keeps of user state is not what it is. */
  discarded(): void {
    this.#userState = newToken();
  }

  #sideInput(i: number, contents: SideInputContents): Uint8Array {
    const windows = [...contents.entries()];
    let held = this.#sideInputs[i]!;
    const hasChanged = windows.some(([key, batches]) => {
      const before = held.known.get(key);
      return before !== undefined && before.deref() !== batches;
    });
    if (hasChanged || held.known.size > MAX_WINDOWS) {
      held = newSideInputToken();
      this.#sideInputs[i] = held;
    }
    for (const [key, batches] of windows) if (!held.known.has(key)) held.known.set(key, new WeakRef(batches));
    return held.token;
  }
}

function newSideInputToken(): SideInputToken {
  return { token: newToken(), known: new Map() };
}
