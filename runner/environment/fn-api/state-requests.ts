/** Answers a worker's state requests for one bundle (`BeamFnState`): all kinds of state keys. */
import { GirderError } from "../../../portability/errors.js";
import type { BundleTask, StageDescriptor } from "../../../portability/execution/stage.js";
import type { StateAddress, StatePart } from "../../../portability/execution/user-state.js";
import type {
  StateKey_OrderedListUserState,
  StateRequest,
} from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import type { DescribedStage } from "./bundle-descriptor.js";
import { BundleState } from "./bundle-state.js";
import { ElementWriter } from "./element-writer.js";
import { LargeValues } from "./large-values.js";
import { page } from "./pages.js";
import type { SideInputReader } from "./side-input-reader.js";
import { readVarint64, skipVarint, truncated } from "./skip.js";
import type { WindowCodec } from "./window-codec.js";
import type { StateAnswer } from "./worker-connection.js";

/** What names a state in a state key. */
interface UserStateKey {
  readonly transformId: string;
  readonly userStateId: string;
  readonly window: Uint8Array;
  readonly key: Uint8Array;
}

/** What names a side input in a state key. */
interface SideInputKey {
  readonly transformId: string;
  readonly sideInputId: string;
}

/** The one part of a bag. */
const BAG = "";
const NOTHING = new Uint8Array();
/** All timestamps of an ordered list. */
const EVERYTHING = { start: -(2n ** 63n), end: 2n ** 63n };

export class StateRequests {
  readonly state: BundleState;
  /** Values that the worker has been given a token for. */
  readonly large = new LargeValues();

  /** @param windows How windows of keys of each transform with state are coded. */
  constructor(
    readonly stage: StageDescriptor,
    readonly described: DescribedStage,
    readonly sideInputs: readonly SideInputReader[],
    readonly windows: (transform: string) => WindowCodec,
    readonly task: BundleTask,
  ) {
    this.state = new BundleState(task.state);
  }

  /** @throws GirderError for keys that name nothing, or what cannot be done to them. */
  answer({ stateKey, request }: StateRequest): StateAnswer {
    const type = stateKey?.type;
    const token = request.case === "get" ? request.value.continuationToken : NOTHING;
    switch (type?.case) {
      case "runner":
        if (request.case !== "get") throw new GirderError("invalid-argument", "Values of a group can only be read.");
        return this.large.answer(type.value.key, token);
      case "iterableSideInput": {
        const i = this.#sideInput(type.value);
        return page(this.sideInputs[i]!.iterable(this.task.sideInputs[i]!, type.value.window), token);
      }
      case "multimapSideInput": {
        const i = this.#sideInput(type.value);
        return page(this.sideInputs[i]!.multimap(this.task.sideInputs[i]!, type.value.window, type.value.key), token);
      }
      case "multimapKeysSideInput": {
        const i = this.#sideInput(type.value);
        return page(this.sideInputs[i]!.keys(this.task.sideInputs[i]!, type.value.window), token);
      }
      case "multimapKeysValuesSideInput": {
        const i = this.#sideInput(type.value);
        return page(this.sideInputs[i]!.entries(this.task.sideInputs[i]!, type.value.window), token);
      }
      case "bagUserState":
        return this.#part(this.#address(type.value), BAG, request, token);
      case "multimapUserState":
        return this.#part(this.#address(type.value), latin1(type.value.mapKey), request, token);
      case "multimapKeysUserState":
        return this.#all(this.#address(type.value), request, () => page(this.#keys(this.#address(type.value)), token));
      case "multimapEntriesUserState":
        return this.#all(this.#address(type.value), request, () =>
          page(this.#entries(this.#address(type.value)), token),
        );
      case "orderedListUserState":
        return this.#orderedList(type.value, request, token);
      default:
        throw new GirderError("unsupported", `State keys of the kind ${type?.case ?? "(none)"} are not answered.`);
    }
  }

  #sideInput({ transformId, sideInputId }: SideInputKey): number {
    const i = this.stage.sideInputs.findIndex((it) => it.transform === transformId && it.localName === sideInputId);
    if (i < 0) throw new GirderError("not-found", `${transformId} has no side input ${sideInputId} in this bundle.`);
    return i;
  }

  #address({ transformId, userStateId, window, key }: UserStateKey): StateAddress {
    const state = this.stage.states.findIndex((it) => it.transform === transformId && it.id === userStateId);
    if (state < 0) throw new GirderError("not-found", `${transformId} has no state ${userStateId} in this bundle.`);
    return { state, key: latin1(key), window: this.windows(transformId).readWhole(window) };
  }

  #part(address: StateAddress, part: StatePart, request: StateRequest["request"], token: Uint8Array): StateAnswer {
    switch (request.case) {
      case "get":
        return page(this.state.values(address, part), token);
      case "append":
        // An empty value is still one: a bag of a coder without bytes, say, counts its elements by them.
        this.state.append(address, part, request.value.data);
        return { case: "append", value: {} };
      case "clear":
        this.state.clearPart(address, part);
        return { case: "clear", value: {} };
      default:
        throw new GirderError("invalid-argument", "A state request that asks for nothing.");
    }
  }

  #all(address: StateAddress, request: StateRequest["request"], get: () => StateAnswer): StateAnswer {
    if (request.case === "get") return get();
    if (request.case !== "clear")
      throw new GirderError("invalid-argument", "Only values can be appended to a multimap.");
    this.state.clear(address);
    return { case: "clear", value: {} };
  }

  #keys(address: StateAddress): Uint8Array[] {
    return this.state.parts(address).map((key) => Buffer.from(key as string, "latin1"));
  }

  #entries(address: StateAddress): Uint8Array[] {
    return this.state.parts(address).map((key) => {
      const values = Buffer.concat(this.state.values(address, key));
      const writer = new ElementWriter(64);
      writer.key(key as string);
      writer.count(this.#countOf(address, values));
      writer.bytes(values);
      return writer.take();
    });
  }

  #countOf(address: StateAddress, values: Buffer): number {
    let count = 0;
    for (let at = 0; at < values.length; count++) at = this.#valueEnd(address, values, at);
    return count;
  }

  /** Where a value of a state ends. @throws GirderError `malformed-data` */
  #valueEnd({ state }: StateAddress, bytes: Buffer, at: number): number {
    const { value: skip } = this.described.states[state]!;
    if (skip === undefined) {
      const { transform, id } = this.stage.states[state]!;
      throw new GirderError("unsupported", "This kind of state is not read in this way.", {
        where: `state ${id} of ${transform}`,
        remedy: "Check that the state is asked for as the kind that its DoFn declares.",
      });
    }
    const end = skip(bytes, at);
    if (end > bytes.length || end === at) throw truncated(at);
    return end;
  }

  /** Entries are their timestamp in ms as a varint, then the value. */
  #orderedList(key: StateKey_OrderedListUserState, request: StateRequest["request"], token: Uint8Array): StateAnswer {
    const address = this.#address(key);
    const inRange = (): StatePart[] => {
      const { start, end } = key.range ?? EVERYTHING;
      const all = this.state.parts(address).map((part) => ({ part, at: BigInt(part) }));
      const chosen = all.filter(({ at }) => at >= start && at < end);
      return chosen.sort((a, b) => (a.at < b.at ? -1 : 1)).map(({ part }) => part);
    };
    switch (request.case) {
      case "get":
        return page(
          inRange().flatMap((at) => this.state.values(address, at)),
          token,
        );
      case "append": {
        const { data } = request.value;
        const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
        const entries: { part: StatePart; value: Buffer }[] = [];
        for (let start = 0; start < bytes.length; ) {
          const part = partOf(readVarint64(bytes, start));
          const end = this.#valueEnd(address, bytes, skipVarint(bytes, start));
          entries.push({ part, value: bytes.subarray(start, end) });
          start = end;
        }
        for (const { part, value } of entries) this.state.append(address, part, value);
        return { case: "append", value: {} };
      }
      case "clear":
        for (const at of inRange()) this.state.clearPart(address, at);
        return { case: "clear", value: {} };
      default:
        throw new GirderError("invalid-argument", "A state request that asks for nothing.");
    }
  }
}

/** The part of an ordered list for a timestamp: the number where that is exact, else its digits. */
function partOf(timestamp: bigint): StatePart {
  const number = Number(timestamp);
  return Number.isSafeInteger(number) ? number : String(timestamp);
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
