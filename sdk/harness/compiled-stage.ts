/** A stage as it is executed, whoever drives it: its program, compiled, and the life of its functions. */
import type { StageDescriptor } from "../../portability/execution/stage.js";
import type { WindowTable } from "../../portability/execution/window-table.js";
import type { FunctionTable } from "../pipeline/functions.js";
import { awaitingChain } from "./awaiting-chain.js";
import { Bundle, type BundleScope, type OutputMeter } from "./bundle.js";
import type { Chain, ElementOf } from "./chain.js";
import { closureChain } from "./closure-chain.js";
import { Cursor } from "./cursor.js";
import { generateChain, mayGenerateCode } from "./generated-chain.js";
import { OpenBundle } from "./open-bundle.js";
import type { PromiseReturned, StageProgram } from "./operator.js";
import { type BuiltProgram, buildProgram, type ProgramOptions } from "./program.js";
import type { SinkOperator } from "./sink-operator.js";
import { StageComponents } from "./stage-components.js";
import type { CommittedState } from "./state/committed-state.js";
import { userError } from "./user-error.js";

/** One bundle at a time is put through it; for several at once there have to be several. */
export class CompiledStage<S extends SinkOperator = SinkOperator> {
  readonly components: StageComponents;
  readonly #program: BuiltProgram<S>;
  readonly #elementOf: readonly ElementOf[];
  readonly #cursor: Cursor;
  #chain: Chain;
  #awaits: boolean;

  constructor(
    readonly descriptor: StageDescriptor,
    windows: WindowTable,
    functions: FunctionTable,
    options: ProgramOptions<S>,
  ) {
    this.components = new StageComponents(descriptor, windows);
    this.#cursor = new Cursor(windows.global);
    this.#program = buildProgram(this.components, functions, new Cursor(windows.global), options);
    this.#elementOf = descriptor.inputs.map(({ pcollection }) => this.components.codec(pcollection).elementOf);
    this.#awaits = this.#program.steps.some((step) => step.asynchronous);
    this.#chain = this.#compile();
  }

  /** By index of the stage's outputs. */
  get sinks(): readonly S[] {
    return this.#program.sinks;
  }

  /** Its program, with the elements counted in its bundles so far, if they are counted. */
  get program(): StageProgram {
    return this.#program;
  }

  /** Whether an object of an author's may keep something for the bundle that it is in: it may be in one bundle at a time. */
  get isExclusive(): boolean {
    return this.#program.steps.some((step) => step.kind === "operator" && step.operator.isExclusive === true);
  }

  /** What makes the elements of a batch that enters, by index of the stage's inputs. */
  elementOf(input: number): ElementOf {
    return this.#elementOf[input]!;
  }

  /** Whether its bundles await promises. */
  get awaits(): boolean {
    return this.#awaits;
  }

  #compile(): Chain {
    if (this.#awaits) return awaitingChain(this.#program, this.#cursor, this.#elementOf);
    const build = mayGenerateCode() ? generateChain : closureChain;
    return build(this.#program, this.#cursor, this.#elementOf);
  }

  /** Calls the authors' `setup`. */
  setup(): Promise<void> {
    return this.#callEach("setup");
  }

  /** Calls the authors' `teardown`. */
  teardown(): Promise<void> {
    return this.#callEach("teardown");
  }

  async #callEach(method: "setup" | "teardown"): Promise<void> {
    for (const step of this.#program.steps) {
      if (step.kind !== "operator") continue;
      try {
        await step.operator[method]?.();
      } catch (thrown) {
        throw userError(thrown, step.transform);
      }
    }
  }

  /**
   * A bundle that is about to begin.
   *
   * @param meter Counts the bytes that leave the stage.
   * @param committed Where cells of state get what is committed. Default: the scope's view.
   */
  open(scope: BundleScope, meter: OutputMeter, committed?: CommittedState): OpenBundle {
    return new OpenBundle(new Bundle(scope, meter, committed), this.#program, this.#chain, this.#awaits);
  }

  /** After a bundle has met a promise: once that has settled, the stage awaits. */
  async awaitFromNowOn({ settled }: PromiseReturned): Promise<void> {
    // What hangs on the promise belongs to the run that is given up: it must not count in the next.
    await settled;
    if (this.#awaits) return;
    this.#awaits = true;
    this.#chain = this.#compile();
  }
}
