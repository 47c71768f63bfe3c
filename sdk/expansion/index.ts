/**
 * Transforms of other SDKs, in pipelines of this one.
 *
 * @module girder/expansion
 */
export { stopExpansionServices } from "./ask-service.js";
export type {
  ClassPathService,
  ExpansionService,
  JarService,
  JavaService,
  MavenService,
  PythonService,
} from "./expansion-service.js";
export { type ExternalOptions, externalTransform } from "./external-transform.js";
export { type BuilderCall, type JavaTransformOptions, javaTransform } from "./java-transform.js";
export { type PythonTransformOptions, pythonTransform } from "./python-transform.js";
export {
  type LentDescription,
  type LentTransform,
  registerTransform,
} from "./registered-transforms.js";
export { type Configuration, externalConfiguration, rowOfValues, type SchemaRow } from "./row-of-values.js";
export { type SchemaTransformDescription, schemaTransform, schemaTransforms } from "./schema-transform.js";
export { type SqlOptions, sqlService, sqlTransform } from "./sql-transform.js";
export { type FieldTypeName, pythonCallable, TypedValue, typed } from "./typed-value.js";
