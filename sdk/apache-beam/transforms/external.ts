/**
 * Transforms of any other SDK.
 *
 * @module girder/apache-beam/transforms/external
 */
import { type ExpansionService, externalConfiguration, externalTransform, rowOfValues } from "../../expansion/index.js";
import { externalOptions, foreign, type RawExternalTransformOptions } from "../adapt/foreign.js";
import type { Loose } from "../adapt/loose.js";
import { unsupported } from "../adapt/unsupported.js";
import type { AsyncPTransform } from "./transform.js";

export type { RawExternalTransformOptions };

/**
 * A transform that an expansion service knows by its URN.
 *
 * @param payload Its configuration: bytes, or values by name.
 * @param service The address of the service, or how Girder starts one: `{ jar }`, `{ python }`. The official package's own service
 * providers are refused when it is applied: GirderError `unsupported`.
 */
export function rawExternalTransform<InputT, OutputT>(
  urn: string,
  payload: Uint8Array | Readonly<Record<string, unknown>>,
  service: ExpansionService,
  options: RawExternalTransformOptions = {},
): AsyncPTransform<InputT & Loose, OutputT & Loose> {
  return foreign(`rawExternalTransform(${urn})`, () => {
    if (typeof service !== "string" && (typeof service !== "object" || service === null)) {
      throw unsupported(
        `rawExternalTransform(${urn}) was given something else than an expansion service.`,
        'Give its address, "host:port", or { jar: path } or { python: interpreter }.',
      );
    }
    const bytes = payload instanceof Uint8Array ? payload : externalConfiguration(rowOfValues(payload as Loose, urn));
    return externalTransform(urn, bytes, service, externalOptions(options));
  });
}
