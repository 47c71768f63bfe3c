/** The coders that every Beam SDK and runner share, and the one for JavaScript values. */
import type { BoundedWindow } from "../execution/window.js";
import { StandardCoders } from "../urns.js";
import { BOOL_CODER } from "./bool-coder.js";
import { BYTES_CODER } from "./bytes-coder.js";
import type { Coder } from "./coder.js";
import { CustomWindowCoder } from "./custom-window-coder.js";
import { DOUBLE_CODER } from "./double-coder.js";
import { GLOBAL_WINDOW_CODER } from "./global-window-coder.js";
import { INTERVAL_WINDOW_CODER } from "./interval-window-coder.js";
import { IterableCoder } from "./iterable-coder.js";
import { JS_VALUE_CODER } from "./js-value-coder.js";
import { JS_VALUE_URN } from "./js-value-tags.js";
import { KVCoder } from "./kv-coder.js";
import { LengthPrefixCoder } from "./length-prefix-coder.js";
import { NullableCoder } from "./nullable-coder.js";
import { ParamWindowedValueCoder } from "./param-windowed-value-coder.js";
import { type CoderComponents, type CoderFactory, CoderRegistry } from "./registry.js";
import { RowCoder } from "./row-coder.js";
import { SchemaCoder } from "./schema-coder.js";
import { ShardedKeyCoder } from "./sharded-key-coder.js";
import { StateBackedIterableCoder } from "./state-backed-iterable-coder.js";
import { STRING_CODER } from "./string-coder.js";
import { TimerCoder } from "./timer-coder.js";
import { TUPLE_URN, TupleCoder } from "./tuple-coder.js";
import { VARINT_CODER } from "./varint-coder.js";
import { WindowedValueCoder } from "./windowed-value-coder.js";

const { Enum } = StandardCoders;

function constant(coder: Coder<unknown>): CoderFactory {
  return { components: 0, create: () => coder };
}

function ofOne(create: (part: Coder<unknown>) => Coder<unknown>): CoderFactory {
  return { components: 1, create: ([part]) => create(part!) };
}

function ofTwo(create: (first: Coder<unknown>, second: Coder<unknown>) => Coder<unknown>): CoderFactory {
  return { components: 2, create: ([first, second]) => create(first!, second!) };
}

function ofWindow(create: (value: Coder<unknown>, window: Coder<BoundedWindow>) => Coder<unknown>): CoderFactory {
  return ofTwo((value, window) => create(value, window as Coder<BoundedWindow>));
}

/** Knows Beam's 19 standard coders and {@link JS_VALUE_CODER}. Extend a copy: `new CoderRegistry(STANDARD_CODERS)`. */
export const STANDARD_CODERS: CoderRegistry = new CoderRegistry()
  .register(Enum.BYTES, constant(BYTES_CODER))
  .register(Enum.STRING_UTF8, constant(STRING_CODER))
  .register(Enum.BOOL, constant(BOOL_CODER))
  .register(Enum.VARINT, constant(VARINT_CODER))
  .register(Enum.DOUBLE, constant(DOUBLE_CODER))
  .register(Enum.GLOBAL_WINDOW, constant(GLOBAL_WINDOW_CODER))
  .register(Enum.INTERVAL_WINDOW, constant(INTERVAL_WINDOW_CODER))
  .register(JS_VALUE_URN, constant(JS_VALUE_CODER))
  .register(TUPLE_URN, { create: (components) => new TupleCoder(components) })
  .register(
    Enum.KV,
    ofTwo((key, value) => new KVCoder(key, value)),
  )
  .register(
    Enum.ITERABLE,
    ofOne((element) => new IterableCoder(element)),
  )
  .register(
    Enum.STATE_BACKED_ITERABLE,
    ofOne((element) => new StateBackedIterableCoder(element)),
  )
  .register(
    Enum.LENGTH_PREFIX,
    ofOne((value) => new LengthPrefixCoder(value)),
  )
  .register(
    Enum.NULLABLE,
    ofOne((value) => new NullableCoder(value)),
  )
  .register(
    Enum.SHARDED_KEY,
    ofOne((key) => new ShardedKeyCoder(key)),
  )
  .register(
    Enum.CUSTOM_WINDOW,
    ofOne((window) => new CustomWindowCoder(window)),
  )
  .register(
    Enum.TIMER,
    ofWindow((key, window) => new TimerCoder(key, window)),
  )
  .register(
    Enum.WINDOWED_VALUE,
    ofWindow((value, window) => new WindowedValueCoder(value, window)),
  )
  .register(Enum.PARAM_WINDOWED_VALUE, {
    components: 2,
    create: ([value, window], payload) => new ParamWindowedValueCoder(value!, window as Coder<BoundedWindow>, payload),
  })
  .register(Enum.ROW, { components: 0, create: (_, payload) => RowCoder.fromPayload(payload) })
  .register(Enum.SCHEMA, { components: 0, create: (_, payload) => SchemaCoder.fromPayload(payload) });

/** The coder `id` of `components`, of standard coders only. @throws GirderError see {@link CoderRegistry.fromProto} */
export function coderFromProto(id: string, components: CoderComponents): Coder<unknown> {
  return STANDARD_CODERS.fromProto(id, components);
}
