/**
 * The coder of any JavaScript value, which is what elements are written with where nothing is said.
 *
 * @module girder/apache-beam/coders/js_coders
 */
export { JsValueCoder as GeneralObjectCoder } from "../../../portability/coders/index.js";
