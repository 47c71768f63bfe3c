/**
 * The coders that every runner knows. Their instances say how elements are written; there is no need to call them.
 *
 * @module girder/apache-beam/coders/required_coders
 */
export {
  BytesCoder,
  GlobalWindowCoder,
  IterableCoder,
  KVCoder,
  LengthPrefixCoder as LengthPrefixedCoder,
} from "../../../portability/coders/index.js";
