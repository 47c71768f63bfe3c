/**
 * The door for programs written for npm `apache-beam`: the names and subpaths that the official package documents, over Girder's
 * own API.
 *
 * @module girder/apache-beam
 */
export * from "./io/index.js";
export * from "./pvalue.js";
export * from "./runners/index.js";
export * from "./transforms/index.js";
export * from "./values.js";
