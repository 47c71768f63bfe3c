/**
 * Transforms.
 *
 * @module girder/apache-beam/transforms
 */
export * from "./create.js";
export * from "./flatten.js";
export * from "./group-and-combine.js";
export { impulse, withRowCoder } from "./internal.js";
export * from "./pardo.js";
export * from "./transform.js";
export * from "./window.js";
export * from "./windowings.js";
