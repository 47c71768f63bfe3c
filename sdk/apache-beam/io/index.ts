/**
 * Sources and sinks. Text, CSV and JSON are in `girder/apache-beam/io/textio`; of these, all but Parquet are refused when they are applied.
 *
 * @module girder/apache-beam/io
 */
export * from "./avroio.js";
export * from "./bigqueryio.js";
export * from "./kafka.js";
export * from "./parquetio.js";
export * from "./pubsub.js";
export * from "./schemaio.js";
