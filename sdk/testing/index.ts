/**
 * What tests of pipelines import, as `girder/testing`.
 *
 * @module girder/testing
 */
export { CheckingWorker } from "./checking-worker.js";
export { Collected, collect } from "./collect.js";
export { PAssert, passert } from "./passert.js";
export { type SyntheticSourceOptions, syntheticSource } from "./synthetic-source.js";
export { type TestPipelineOptions, testPipeline, testPipelineOn } from "./test-pipeline.js";
export { type TestStream, type TestStreams, type TimestampedValue, testStream, testStreams } from "./test-stream.js";
