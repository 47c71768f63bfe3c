/**
 * The coders that all SDKs know.
 *
 * @module girder/apache-beam/coders/standard_coders
 */
export {
  BoolCoder,
  DoubleCoder,
  IntervalWindowCoder,
  NullableCoder,
  StringCoder as StrUtf8Coder,
  VarintCoder as VarIntCoder,
} from "../../../portability/coders/index.js";
export * from "./required-coders.js";
