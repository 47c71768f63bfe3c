/**
 * Any job service.
 *
 * @module girder/apache-beam/runners/portable_runner/runner
 */
import type { Loose } from "../../adapt/loose.js";
import type { PValue, Root } from "../../pvalue.js";
import { createRunner, type PipelineOptions, type PipelineResult, Runner } from "../runner.js";

/** The job service at an address, `host:port`. */
export class PortableRunner extends Runner {
  readonly #runner: Runner;

  /** @param options The address, or options with it as `jobEndpoint`. */
  constructor(options: string | { readonly jobEndpoint: string; readonly [name: string]: unknown }) {
    super();
    const own = typeof options === "string" ? { jobEndpoint: options } : options;
    this.#runner = createRunner({ ...own, runner: "portable" });
  }

  override runAsync(
    build: (root: Root) => PValue<Loose> | Promise<PValue<Loose>>,
    options?: PipelineOptions,
  ): Promise<PipelineResult> {
    return this.#runner.runAsync(build, options);
  }
}
