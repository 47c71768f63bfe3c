/**
 * Coders: how values become bytes.
 *
 * @module girder/coders
 */
export { BOOL_CODER, BoolCoder } from "./bool-coder.js";
export { ByteReader } from "./byte-reader.js";
export { ByteWriter } from "./byte-writer.js";
export { BYTES_CODER, BytesCoder } from "./bytes-coder.js";
export type { Coder, CoderSpec } from "./coder.js";
export { CoderTable } from "./coder-table.js";
export { CustomWindowCoder } from "./custom-window-coder.js";
export { DOUBLE_CODER, DoubleCoder } from "./double-coder.js";
export { decodeFromBytes, encodedIdentity, encodeToBytes, encodeToLatin1, stringIdentity } from "./encoding.js";
export { cannotEncode, malformed } from "./errors.js";
export { ForeignCoder } from "./foreign-coder.js";
export { GLOBAL_WINDOW_CODER, GlobalWindowCoder } from "./global-window-coder.js";
export { readInstant, writeInstant } from "./instant.js";
export { INTERVAL_WINDOW_CODER, IntervalWindowCoder } from "./interval-window-coder.js";
export { IterableCoder } from "./iterable-coder.js";
export { JS_VALUE_CODER, JsValueCoder } from "./js-value-coder.js";
export { JS_VALUE_URN } from "./js-value-tags.js";
export { type KV, KVCoder } from "./kv-coder.js";
export { LengthPrefixCoder } from "./length-prefix-coder.js";
export { type LogicalTypeConversion, registerLogicalType } from "./logical-types.js";
export { NullableCoder } from "./nullable-coder.js";
export { readPane, writePane } from "./pane-coder.js";
export { ParamWindowedValueCoder } from "./param-windowed-value-coder.js";
export { type CoderComponents, type CoderFactory, CoderRegistry } from "./registry.js";
export type { Row } from "./row-codec.js";
export { RowCoder } from "./row-coder.js";
export { SchemaCoder } from "./schema-coder.js";
export { type ShardedKey, ShardedKeyCoder } from "./sharded-key-coder.js";
export { coderFromProto, STANDARD_CODERS } from "./standard-coders.js";
export { StateBackedIterableCoder, type StateBackedIterableOptions } from "./state-backed-iterable-coder.js";
export { STRING_CODER, StringCoder } from "./string-coder.js";
export { type ClearedTimer, type SetTimer, type Timer, TimerCoder } from "./timer-coder.js";
export { TUPLE_URN, TupleCoder } from "./tuple-coder.js";
export { VARINT_CODER, VarintCoder } from "./varint-coder.js";
export { readHeader, WindowedValueCoder, type WindowedValueHeader, writeHeader } from "./windowed-value-coder.js";
