/**
 * A source whose every step a test decides: elements, how far the watermark has come, and how much processing time passes.
 *
 * ```ts
 * const clicks = testStream<string>()
 *   .add(seconds(1), "a", "b")
 *   .advanceWatermark(seconds(10))
 *   .add(seconds(3), "late")
 *   .advanceProcessingTime(minutes(1));
 * root.apply(clicks).apply(windowInto(fixedWindows(seconds(10)), …))
 * ```
 *
 * The next step is not taken before everything has been done that follows of those before. When there are no more, the watermark
 * is at the end of time.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  BYTES_CODER,
  type Coder,
  decodeFromBytes,
  encodeToBytes,
  JS_VALUE_CODER,
  LengthPrefixCoder,
} from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import {
  type Duration,
  type Instant,
  instantToWire,
  MAX_TIMESTAMP,
  MIN_TIMESTAMP,
} from "../../portability/execution/time.js";
import {
  type TestStreamPayload_Event as Event,
  TestStreamPayload_EventSchema,
  TestStreamPayloadSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardPTransforms } from "../../portability/urns.js";
import type { PCollection } from "../pipeline/pcollection.js";
import type { Pipeline } from "../pipeline/pipeline.js";
import type { Root } from "../pipeline/root.js";
import { GLOBAL_WINDOWING } from "../pipeline/windowing.js";

/** One step of a test stream, or of one of several with its tag. */
type Step =
  | { readonly kind: "add"; readonly tag: string; readonly elements: readonly TimestampedValue<unknown>[] }
  | { readonly kind: "watermark"; readonly tag: string; readonly to: Instant }
  | { readonly kind: "processing-time"; readonly by: Duration };

/** An element and when it happened, ms. */
export interface TimestampedValue<T> {
  readonly timestamp: Instant;
  readonly value: T;
}

/** A transform that is a source. Each method gives a stream with one more step, and leaves the one it is called on as it is. */
export interface TestStream<T> {
  (root: Root): PCollection<T>;
  /** Elements come, all of them with one timestamp (ms). */
  add(timestamp: Instant, ...values: readonly T[]): TestStream<T>;
  /** Elements come together, each with a timestamp of its own. */
  addAll(elements: Iterable<TimestampedValue<T>>): TestStream<T>;
  /**
   * The watermark moves: elements before `to` (ms) that come from now on are late.
   *
   * @throws GirderError `invalid-argument` if it would go back.
   */
  advanceWatermark(to: Instant): TestStream<T>;
  /** Nothing more can come in time. */
  advanceWatermarkToInfinity(): TestStream<T>;
  /** So much processing time passes, ms. */
  advanceProcessingTime(by: Duration): TestStream<T>;
}

/** {@link TestStream}s under tags, whose steps are taken in one order. */
export interface TestStreams<S extends Readonly<Record<string, unknown>>> {
  (root: Root): { readonly [Tag in keyof S]: PCollection<S[Tag]> };
  add<Tag extends keyof S & string>(tag: Tag, timestamp: Instant, ...values: readonly S[Tag][]): TestStreams<S>;
  addAll<Tag extends keyof S & string>(tag: Tag, elements: Iterable<TimestampedValue<S[Tag]>>): TestStreams<S>;
  advanceWatermark(tag: keyof S & string, to: Instant): TestStreams<S>;
  advanceWatermarkToInfinity(tag: keyof S & string): TestStreams<S>;
  advanceProcessingTime(by: Duration): TestStreams<S>;
}

/** A stream without steps, to begin with. @param coder How elements are written. Default: as any JavaScript value. */
export function testStream<T>(coder?: Coder<T>): TestStream<T> {
  return single<T>(new Script([""], [], coder as Coder<unknown> | undefined));
}

/**
 * Several streams without steps, to begin with.
 *
 * @param tags All of them.
 * @example `testStreams<{ left: string; right: number }>(["left", "right"]).add("left", 0, "a").add("right", 1, 7)`
 */
export function testStreams<S extends Readonly<Record<string, unknown>>>(
  tags: readonly (keyof S & string)[],
): TestStreams<S> {
  return several<S>(new Script(tags, [], undefined));
}

function single<T>(script: Script): TestStream<T> {
  const source = (root: Root): PCollection<T> => script.apply(root)[""] as PCollection<T>;
  return Object.assign(named(source), {
    add: (timestamp: Instant, ...values: readonly T[]) =>
      single<T>(
        script.add(
          "",
          values.map((value) => ({ timestamp, value })),
        ),
      ),
    addAll: (elements: Iterable<TimestampedValue<T>>) => single<T>(script.add("", [...elements])),
    advanceWatermark: (to: Instant) => single<T>(script.advanceWatermark("", to)),
    advanceWatermarkToInfinity: () => single<T>(script.advanceWatermark("", MAX_TIMESTAMP)),
    advanceProcessingTime: (by: Duration) => single<T>(script.advanceProcessingTime(by)),
  });
}

function several<S extends Readonly<Record<string, unknown>>>(script: Script): TestStreams<S> {
  const sources = (root: Root) => script.apply(root) as { readonly [Tag in keyof S]: PCollection<S[Tag]> };
  return Object.assign(named(sources), {
    add: <Tag extends keyof S & string>(tag: Tag, timestamp: Instant, ...values: readonly S[Tag][]) =>
      several<S>(
        script.add(
          tag,
          values.map((value) => ({ timestamp, value })),
        ),
      ),
    addAll: <Tag extends keyof S & string>(tag: Tag, elements: Iterable<TimestampedValue<S[Tag]>>) =>
      several<S>(script.add(tag, [...elements])),
    advanceWatermark: (tag: keyof S & string, to: Instant) => several<S>(script.advanceWatermark(tag, to)),
    advanceWatermarkToInfinity: (tag: keyof S & string) => several<S>(script.advanceWatermark(tag, MAX_TIMESTAMP)),
    advanceProcessingTime: (by: Duration) => several<S>(script.advanceProcessingTime(by)),
  });
}

function named<F extends object>(transform: F): F {
  return Object.defineProperty(transform, "name", { value: "TestStream" });
}

/** The steps so far. */
class Script {
  constructor(
    readonly tags: readonly string[],
    readonly steps: readonly Step[],
    readonly coder: Coder<unknown> | undefined,
  ) {
    if (tags.length > 0 && new Set(tags).size === tags.length) return;
    throw new GirderError("invalid-argument", `Test streams are called ${tags.join(", ") || "nothing"}.`, {
      remedy: "Give each of them a name of its own.",
    });
  }

  #with(step: Step): Script {
    if (step.kind === "processing-time" || this.tags.includes(step.tag))
      return new Script(this.tags, [...this.steps, step], this.coder);
    throw new GirderError(
      "invalid-argument",
      `There is no test stream "${step.tag}"; there are ${this.tags.join(", ")}.`,
      {
        remedy: "Name all tags when the streams are made.",
      },
    );
  }

  #watermark(tag: string): Instant {
    const moves = this.steps.filter((step) => step.kind === "watermark" && step.tag === tag);
    return (moves.at(-1) as { to: Instant } | undefined)?.to ?? MIN_TIMESTAMP;
  }

  add(tag: string, elements: readonly TimestampedValue<unknown>[]): Script {
    for (const { timestamp } of elements) checkInstant("An element's timestamp", timestamp);
    if (this.#watermark(tag) === MAX_TIMESTAMP) {
      throw new GirderError(
        "invalid-argument",
        "A test stream has elements after its watermark has come to the end of time.",
        {
          remedy: "Add them before advanceWatermarkToInfinity.",
        },
      );
    }
    return this.#with({ kind: "add", tag, elements });
  }

  advanceWatermark(tag: string, to: Instant): Script {
    checkInstant("The watermark", to);
    const before = this.#watermark(tag);
    if (to >= before) return this.#with({ kind: "watermark", tag, to });
    throw new GirderError("invalid-argument", `The watermark would go back from ${before} to ${to}.`, {
      remedy: "A watermark only moves on: it is a promise of what does not come any more.",
    });
  }

  advanceProcessingTime(by: Duration): Script {
    if (Number.isSafeInteger(by) && by > 0) return this.#with({ kind: "processing-time", by });
    throw new GirderError("invalid-argument", `Processing time would advance by ${by} ms.`, {
      remedy: "Give a whole, positive number of milliseconds, such as minutes(1).",
    });
  }

  apply(root: Root): Record<string, PCollection<unknown>> {
    const { coder } = this;
    if (coder !== undefined) return this.#applyAs(coder, root);
    const script = new Script(this.tags, this.steps.map(opaque), OPAQUE_CODER);
    const written = root.apply("Elements", (inner) => script.#applyAs(OPAQUE_CODER, inner));
    // A stream of one tag that has no name is called so.
    const name = (tag: string): string => (tag === "" ? "Decode" : `Decode ${tag}`);
    return Object.fromEntries(Object.entries(written).map(([tag, of]) => [tag, of.map(name(tag), readElement)]));
  }

  #applyAs(coder: Coder<unknown>, { pipeline }: Root): Record<string, PCollection<unknown>> {
    // The one output of a stream without tags has a name of its own, which its events need not give.
    const isSingle = this.tags.length === 1 && this.tags[0] === "";
    const outputs = pipeline.primitive({
      urn: StandardPTransforms.Primitives.TEST_STREAM,
      payload: () => this.#payload(pipeline, coder),
      inputs: {},
      outputs: isSingle ? { out: coder } : Object.fromEntries(this.tags.map((tag) => [tag, coder])),
      windowing: GLOBAL_WINDOWING,
      bounded: false,
      inEnvironment: false,
    });
    return isSingle ? { "": outputs["out"]! } : outputs;
  }

  #payload(pipeline: Pipeline, coder: Coder<unknown>): Uint8Array {
    const events = this.steps.map((step) => eventOf(step, coder));
    for (const tag of this.tags) {
      const isOver = this.#watermark(tag) === MAX_TIMESTAMP;
      if (!isOver) events.push(eventOf({ kind: "watermark", tag, to: MAX_TIMESTAMP }, coder));
    }
    const payload = create(TestStreamPayloadSchema, { coderId: pipeline.addCoder(coder), events });
    return toBinary(TestStreamPayloadSchema, payload);
  }
}

/**
 * Bytes behind their length: what all runners read that decode the elements of a test stream, or write them anew. Those of Java
 * cannot read a coder that they do not know; Prism, where it finds no length, writes one before each element and forgets
 * which tag that had.
 */
const OPAQUE_CODER = new LengthPrefixCoder(BYTES_CODER) as Coder<unknown>;

/** The step, with values as bytes. */
function opaque(step: Step): Step {
  if (step.kind !== "add") return step;
  const elements = step.elements.map(({ timestamp, value }) => ({
    timestamp,
    value: encodeToBytes(JS_VALUE_CODER, value),
  }));
  return { ...step, elements };
}

function readElement(bytes: unknown): unknown {
  return decodeFromBytes(JS_VALUE_CODER, bytes as Uint8Array);
}

function eventOf(step: Step, coder: Coder<unknown>): Event {
  switch (step.kind) {
    case "add": {
      const elements = step.elements.map(({ timestamp, value }) => ({
        timestamp: instantToWire(timestamp),
        encodedElement: encodeToBytes(coder, value),
      }));
      return create(TestStreamPayload_EventSchema, {
        event: { case: "elementEvent", value: { tag: step.tag, elements } },
      });
    }
    case "watermark":
      return create(TestStreamPayload_EventSchema, {
        event: { case: "watermarkEvent", value: { tag: step.tag, newWatermark: instantToWire(step.to) } },
      });
    case "processing-time":
      return create(TestStreamPayload_EventSchema, {
        event: { case: "processingTimeEvent", value: { advanceDuration: BigInt(step.by) } },
      });
  }
}

function checkInstant(what: string, instant: Instant): void {
  if (Number.isInteger(instant) && instant >= MIN_TIMESTAMP && instant <= MAX_TIMESTAMP) return;
  throw new GirderError("invalid-argument", `${what} is ${instant}.`, {
    remedy: "Give a whole number of milliseconds since 1970, within the bounds of the Beam model.",
  });
}
