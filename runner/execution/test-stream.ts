/** From the payload of a TestStream (`TestStreamPayload`) to what the engine is told. */
import { fromBinary } from "@bufbuild/protobuf";
import { ByteReader } from "../../portability/coders/byte-reader.js";
import { ByteWriter } from "../../portability/coders/byte-writer.js";
import { coderFromProto, STANDARD_CODERS } from "../../portability/coders/index.js";
import { writeInstant } from "../../portability/coders/instant.js";
import { writePane } from "../../portability/coders/pane-coder.js";
import { GirderError } from "../../portability/errors.js";
import type { Batch, BatchCodec } from "../../portability/execution/batch.js";
import { NO_FIRING } from "../../portability/execution/pane.js";
import { instantFromWire, MAX_TIMESTAMP } from "../../portability/execution/time.js";
import {
  type Components,
  type TestStreamPayload_TimestampedElement as Element,
  type TestStreamPayload_Event as Event,
  type PTransform,
  TestStreamPayloadSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardCoders } from "../../portability/urns.js";
import type { TestStream, TestStreamEvent } from "../engine/graph.js";

const { Enum: URN } = StandardCoders;

/** Coders of Go's own, which write their length themselves. */
const GO_CUSTOM = "beam:go:coder:custom:v1";

/** Coders whose values are the same beside others whether the runner or a worker reads them: of other keys it needs the length. */
const FRAMED: ReadonlySet<string> = new Set([
  URN.BYTES,
  URN.STRING_UTF8,
  URN.BOOL,
  URN.VARINT,
  URN.DOUBLE,
  URN.KV,
  URN.ITERABLE,
  URN.LENGTH_PREFIX,
  URN.NULLABLE,
  URN.SHARDED_KEY,
  URN.GLOBAL_WINDOW,
  URN.INTERVAL_WINDOW,
]);

/** An output of a test stream: the engine's node that emits it. */
export interface ScriptedOutput {
  readonly node: number;
  readonly pcollection: string;
}

/** A test stream, and its outputs by local name. */
export interface ScriptedTransform {
  readonly transform: PTransform;
  readonly outputs: ReadonlyMap<string, ScriptedOutput>;
}

/**
 * @param codec How elements of a PCollection are read.
 * @throws GirderError `unsupported` for elements that cannot be told apart, `invalid-pipeline` for events of no output.
 */
export function testStreamOf(
  { transform, outputs }: ScriptedTransform,
  components: Components,
  codec: (pcollection: string) => BatchCodec,
): TestStream {
  const { coderId, events } = fromBinary(TestStreamPayloadSchema, transform.spec!.payload);
  // A stream of one output need not name it.
  const [only] = outputs.size === 1 ? outputs.values() : [];
  const output = (tag: string): ScriptedOutput => {
    const found = outputs.get(tag) ?? only;
    if (found !== undefined) return found;
    throw new GirderError("invalid-pipeline", `An event is of an output "${tag}", which there is not.`, {
      where: transform.uniqueName,
    });
  };
  // Go writes elements as if others followed.
  const isGo = Object.values(components.environments).some(({ capabilities }) =>
    capabilities.some((urn) => urn.startsWith("beam:version:sdk_base:go")),
  );
  const batch = (elements: readonly Element[], tag: string): Batch => {
    const reader = codec(output(tag).pcollection);
    if (reader.decodeAlone !== undefined) {
      return reader.decodeAlone(
        elements.map(({ encodedElement: bytes, timestamp }) => ({ bytes, timestamp: instantFromWire(timestamp) })),
      );
    }
    const bytes = windowed(elements, (it) => nested(it, coderId, components, transform, isGo));
    return reader.decode(bytes);
  };
  const eventOf = ({ event }: Event): readonly TestStreamEvent[] => {
    switch (event.case) {
      case "elementEvent": {
        const { elements, tag } = event.value;
        if (elements.length === 0) return [];
        return [{ kind: "elements", node: output(tag).node, batch: batch(elements, tag) }];
      }
      case "watermarkEvent": {
        const { newWatermark, tag } = event.value;
        return [{ kind: "watermark", node: output(tag).node, watermark: instantFromWire(newWatermark) }];
      }
      case "processingTimeEvent":
        return [{ kind: "processing-time", advance: Math.min(Number(event.value.advanceDuration), MAX_TIMESTAMP) }];
      default:
        return [];
    }
  };
  return events.flatMap(eventOf);
}

/** Elements in the global window, as `beam:coder:windowed_value:v1`. */
function windowed(elements: readonly Element[], encoded: (bytes: Uint8Array) => Uint8Array): Uint8Array {
  const out = new ByteWriter();
  for (const { encodedElement, timestamp } of elements) {
    writeInstant(instantFromWire(timestamp), out);
    out.writeInt32BE(1);
    writePane(NO_FIRING, out);
    out.writeBytes(encoded(encodedElement));
  }
  return out.finish();
}

/**
 * An element, which SDKs write as if it stood alone, as it is written beside others. Where the runner does not know its
 * coder, that is with its length before it.
 */
function nested(
  bytes: Uint8Array,
  coderId: string,
  components: Components,
  transform: PTransform,
  isGo: boolean,
): Uint8Array {
  const coder = components.coders[coderId]!;
  const urn = coder.spec?.urn ?? "";
  switch (urn) {
    case URN.KV: {
      if (isGo) return bytes;
      const [key, value] = coder.componentCoderIds as [string, string];
      const keyCoder = components.coders[key]!.spec?.urn ?? "";
      if (!STANDARD_CODERS.has(keyCoder)) {
        throw new GirderError("unsupported", `Keys of the coder ${keyCoder} cannot be told from their values.`, {
          where: transform.uniqueName,
          remedy: "Give the TestStream's keys a standard coder.",
        });
      }
      const reader = new ByteReader(bytes);
      coderFromProto(key, components).decode(reader, true);
      const end = reader.position;
      const keyBytes = bytes.subarray(0, end);
      const isFramed = FRAMED.has(keyCoder);
      return Buffer.concat([
        isFramed ? keyBytes : withLength(keyBytes),
        nested(bytes.subarray(end), value, components, transform, isGo),
      ]);
    }
    case URN.STRING_UTF8:
    case URN.BYTES:
      return isGo ? bytes : withLength(bytes);
    case GO_CUSTOM:
    case URN.VARINT:
    case URN.DOUBLE:
    case URN.BOOL:
    case URN.ITERABLE:
    case URN.LENGTH_PREFIX:
    case URN.NULLABLE:
    case URN.INTERVAL_WINDOW:
    case URN.GLOBAL_WINDOW:
      return bytes;
    default:
      return withLength(bytes);
  }
}

function withLength(bytes: Uint8Array): Uint8Array {
  const out = new ByteWriter(bytes.length + 5);
  out.writeVarint(bytes.length);
  out.writeBytes(bytes);
  return out.finish();
}
