/**
 * Pub/Sub: refused. The official package has these done by transforms of other SDKs, which this entry does not start.
 *
 * @module girder/apache-beam/io/pubsub
 */

import type { Loose } from "../adapt/loose.js";
import { elsewhere } from "../adapt/unsupported.js";
import type { AsyncPTransform } from "../transforms/transform.js";

const REMEDY = "Write a splittable DoFn or a DoFn with a client of Pub/Sub: see docs/guide/sources.md.";

/** @returns a transform that is refused with a GirderError `unsupported` when it is applied. */
export function readFromPubSub(_options: object = {}): AsyncPTransform<Loose, Loose> {
  return elsewhere("readFromPubSub", REMEDY);
}

/** @returns a transform that is refused with a GirderError `unsupported` when it is applied. */
export function readFromPubSubWithAttributes(_options: object = {}): AsyncPTransform<Loose, Loose> {
  return elsewhere("readFromPubSubWithAttributes", REMEDY);
}

/** @returns a transform that is refused with a GirderError `unsupported` when it is applied. */
export function writeToPubSub(_topic: string, _options: object = {}): AsyncPTransform<Loose, Loose> {
  return elsewhere("writeToPubSub", REMEDY);
}
