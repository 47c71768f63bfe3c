/** Pipelines that something is wrong with: real ones, changed at random. */
import { fromJson, type JsonObject, type JsonValue, toBinary, toJson } from "@bufbuild/protobuf";
import {
  type Pipeline,
  PipelineSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";

/** A number from 0 to 1, another each time. */
export type Random = () => number;

const HOSTILE = [
  "",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "\u0000",
  "../..",
  "x".repeat(1_000),
  "😀",
];
const NUMBERS = [0, -1, 1, 7, 2 ** 31 - 1, -(2 ** 31)];

/** Where a value stands in a tree. */
interface Place {
  readonly parent: JsonObject | JsonValue[];
  readonly key: string;
}

/** A pipeline with some of its values changed, left out, repeated or exchanged, inside of payloads too. */
export function mutatedPipeline(pipeline: Pipeline, random: Random): Pipeline {
  const json = toJson(PipelineSchema, pipeline) as JsonObject;
  for (let changes = 1 + below(4, random); changes > 0; changes--) change(json, random);
  try {
    return fromJson(PipelineSchema, json, { ignoreUnknownFields: true });
  } catch {
    // It was changed into something that cannot even be written.
    return mutatedPipeline(pipeline, random);
  }
}

/** A pipeline's bytes with some of them changed, left out or repeated. */
export function mutatedBytes(pipeline: Pipeline, random: Random): Uint8Array {
  let bytes = Buffer.from(toBinary(PipelineSchema, pipeline));
  for (let changes = 1 + below(4, random); changes > 0 && bytes.length > 0; changes--) {
    const at = below(bytes.length, random);
    const length = Math.min(1 + below(random() < 0.8 ? 4 : 200, random), bytes.length - at);
    const other = below(bytes.length, random);
    switch (below(4, random)) {
      case 0:
        bytes[at] = below(256, random);
        break;
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(other, other + length), bytes.subarray(at)]);
        break;
      default:
        bytes = bytes.subarray(0, Math.max(1, at));
    }
  }
  return bytes;
}

const below = (n: number, random: Random): number => Math.floor(random() * n);
const pick = <T>(of: readonly T[], random: Random): T => of[below(of.length, random)]!;

function change(root: JsonObject, random: Random): void {
  const places: Place[] = [];
  const visit = (parent: JsonObject | JsonValue[]): void => {
    for (const [key, value] of Object.entries(parent)) {
      places.push({ parent, key });
      if (typeof value === "object" && value !== null) visit(value);
    }
  };
  visit(root);
  if (places.length === 0) return;
  const place = pick(places, random);
  const value = at(place);
  const alike = places.filter((other) => typeof at(other) === typeof value).map(at);
  switch (below(6, random)) {
    case 0:
      if (Array.isArray(place.parent)) place.parent.splice(Number(place.key), 1);
      else delete place.parent[place.key];
      return;
    case 1:
      // A key is an id, or a name that something else refers to.
      if (Array.isArray(place.parent)) place.parent.push(value);
      else {
        delete place.parent[place.key];
        const names = places.filter(({ parent }) => !Array.isArray(parent)).map(({ key }) => key);
        put(place.parent, random() < 0.5 ? pick(HOSTILE, random) : pick(names, random), value);
      }
      return;
    case 2:
      put(place.parent, place.key, structuredClone(pick(alike, random)));
      return;
    default:
      put(place.parent, place.key, changed(value, alike, random));
  }
}

const at = ({ parent, key }: Place): JsonValue => (parent as JsonObject)[key]!;

function put(parent: JsonObject | JsonValue[], key: string, value: JsonValue): void {
  Object.defineProperty(parent, key, { value, configurable: true, enumerable: true, writable: true });
}

function changed(value: JsonValue, alike: readonly JsonValue[], random: Random): JsonValue {
  if (typeof value === "number") return pick(NUMBERS, random);
  if (typeof value === "boolean") return !value;
  if (typeof value === "string") {
    const bytes = Buffer.from(value, "base64");
    if (value.length > 0 && bytes.toString("base64") === value && random() < 0.8) return changedBytes(bytes, random);
    return random() < 0.5 ? pick(HOSTILE, random) : pick(alike, random);
  }
  if (Array.isArray(value)) return random() < 0.5 ? [] : [...value, ...value];
  return {};
}

function changedBytes(bytes: Buffer, random: Random): string {
  const position = below(bytes.length, random);
  if (random() < 0.5) bytes[position] = below(256, random);
  else return bytes.subarray(0, position).toString("base64");
  return bytes.toString("base64");
}
