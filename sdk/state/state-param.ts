/** State as an author declares it, in the context of a function over KVs. */
import { type Coder, JS_VALUE_CODER } from "../../portability/coders/index.js";
import type { CombineFn } from "../combiners/combine-fn.js";
import { ContextParam } from "../pipeline/context.js";
import type {
  BagState,
  CombiningState,
  MapState,
  MultimapState,
  OrderedListState,
  SetState,
  ValueState,
} from "./cells.js";

/** What a state holds, and how it is written. */
export type StateDeclaration =
  | { readonly kind: "value" | "bag" | "set" | "ordered-list"; readonly coder: Coder<unknown> }
  | {
      readonly kind: "combining";
      readonly fn: CombineFn<unknown, unknown, unknown>;
      /** Of accumulators. */
      readonly coder: Coder<unknown>;
    }
  | { readonly kind: "map" | "multimap"; readonly key: Coder<unknown>; readonly coder: Coder<unknown> };

/** A state of the function whose context it stands in. */
export class StateParam<out T> extends ContextParam<T> {
  /** Tells it from other parameters; has no value. */
  declare readonly _state: true;

  constructor(
    /** What it is called in the pipeline; unique in its function. */
    readonly id: string,
    readonly declaration: StateDeclaration,
  ) {
    super();
  }
}

const any = <T>(coder: Coder<T> | undefined): Coder<unknown> => (coder ?? JS_VALUE_CODER) as Coder<unknown>;

/**
 * One value for each key and window.
 *
 * ```ts
 * pairs.flatMap(({ key, value }, { last }) => {
 *   const before = last.read();
 *   last.write(value);
 *   return before === undefined ? [] : [{ key, rise: value - before }];
 * }, { last: valueState<number>("last") });
 * ```
 *
 * @param id What it is called in the pipeline; unique in its function.
 * @param coder How the value is written. Default: as any JavaScript value.
 */
export function valueState<T>(id: string, coder?: Coder<T>): StateParam<ValueState<T>> {
  return new StateParam(id, { kind: "value", coder: any(coder) });
}

/** Any number of values for each key and window. See {@link valueState} for the parameters. */
export function bagState<T>(id: string, coder?: Coder<T>): StateParam<BagState<T>> {
  return new StateParam(id, { kind: "bag", coder: any(coder) });
}

/** Distinct values for each key and window. See {@link valueState} for the parameters. */
export function setState<T>(id: string, coder?: Coder<T>): StateParam<SetState<T>> {
  return new StateParam(id, { kind: "set", coder: any(coder) });
}

/**
 * What a CombineFn makes of the values added for each key and window.
 *
 * @param id What it is called in the pipeline; unique in its function.
 */
export function combiningState<I, A, O>(id: string, fn: CombineFn<I, A, O>): StateParam<CombiningState<I, O>> {
  return new StateParam(id, {
    kind: "combining",
    fn: fn as CombineFn<unknown, unknown, unknown>,
    coder: any(fn.accumulatorCoder),
  });
}

/** How keys and values are written. Default: as any JavaScript value. */
export interface EntryCoders<K, V> {
  readonly key?: Coder<K>;
  readonly value?: Coder<V>;
}

/** A map for each key and window, which is read with `await`. */
export function mapState<K, V>(id: string, coders: EntryCoders<K, V> = {}): StateParam<MapState<K, V>> {
  return new StateParam(id, { kind: "map", key: any(coders.key), coder: any(coders.value) });
}

/** A map from keys to any number of values for each key and window, which is read with `await`. */
export function multimapState<K, V>(id: string, coders: EntryCoders<K, V> = {}): StateParam<MultimapState<K, V>> {
  return new StateParam(id, { kind: "multimap", key: any(coders.key), coder: any(coders.value) });
}

/** Values in the order of timestamps for each key and window, which are read with `await`. See {@link valueState} for the parameters. */
export function orderedListState<T>(id: string, coder?: Coder<T>): StateParam<OrderedListState<T>> {
  return new StateParam(id, { kind: "ordered-list", coder: any(coder) });
}
