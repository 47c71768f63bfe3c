/**
 * Kafka: refused. The official package has these done by transforms of other SDKs, which this entry does not start.
 *
 * @module girder/apache-beam/io/kafka
 */

import type { Loose } from "../adapt/loose.js";
import { elsewhere } from "../adapt/unsupported.js";
import type { AsyncPTransform } from "../transforms/transform.js";

const REMEDY = "Write a splittable DoFn or a DoFn with a client of Kafka: see docs/guide/sources.md.";

/** @returns a transform that is refused with a GirderError `unsupported` when it is applied. */
export function readFromKafka(
  _consumerConfig: object,
  _topics: string[],
  _options: object = {},
): AsyncPTransform<Loose, Loose> {
  return elsewhere("readFromKafka", REMEDY);
}

/** @returns a transform that is refused with a GirderError `unsupported` when it is applied. */
export function readFromKafkaWithMetadata(
  _consumerConfig: object,
  _topics: string[],
  _options: object = {},
): AsyncPTransform<Loose, Loose> {
  return elsewhere("readFromKafkaWithMetadata", REMEDY);
}

/** @returns a transform that is refused with a GirderError `unsupported` when it is applied. */
export function writeToKafka(
  _producerConfig: object,
  _topics: string[],
  _options: object = {},
): AsyncPTransform<Loose, Loose> {
  return elsewhere("writeToKafka", REMEDY);
}
