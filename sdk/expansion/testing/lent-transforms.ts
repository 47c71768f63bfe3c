/** For specs: a program that lends transforms. */
import { type Coder, type KV, KVCoder, STRING_CODER, VARINT_CODER } from "../../../portability/coders/index.js";
import { P } from "../../pipeline/p.js";
import type { PCollection } from "../../pipeline/pcollection.js";
import type { Root } from "../../pipeline/root.js";
import { int64, nullable, schema, string, withSchema } from "../../schemas/index.js";
import { valueState } from "../../state/state-param.js";
import { create } from "../../transforms/create.js";
import { flatten } from "../../transforms/flatten.js";
import { registerTransform } from "../index.js";

registerTransform(
  "test:long_words:v1",
  ({ minimum, suffix }) =>
    (words: PCollection<string>) =>
      words
        .filter((word) => word.length >= minimum)
        .map("suffix", (word) => `${word}${suffix ?? ""}`)
        .withCoder(STRING_CODER),
  { schema: schema({ minimum: int64(), suffix: nullable(string()) }), description: "Words of some length." },
);

registerTransform("test:by_length:v1", () => (words: PCollection<string>) => ({
  short: words.filter("short", (word) => word.length < 3),
  long: words.filter("long", (word) => word.length >= 3),
}));

registerTransform("test:both:v1", () => ({ a, b }: { a: PCollection<string>; b: PCollection<string> }) => {
  return P([a.map("a", (word) => `a ${word}`), b.map("b", (word) => `b ${word}`)])
    .apply(flatten())
    .map((word) => word)
    .withCoder(STRING_CODER);
});

const ROWS = schema({ name: string(), size: nullable(int64()) });

registerTransform(
  "test:rows:v1",
  () => (root: Root) =>
    root
      .apply(
        create([
          { name: "small", size: 1 },
          { name: "none", size: null },
        ]),
      )
      .apply(withSchema(ROWS)),
);

const TOTALS = new KVCoder(STRING_CODER, VARINT_CODER) as Coder<unknown> as Coder<KV<string, number>>;

/** Of each key, what it has come to so far. */
registerTransform(
  "test:running_total:v1",
  () => (pairs: PCollection<{ key: string; value: number }>) =>
    pairs
      .map(
        "total",
        ({ key, value }, { total }) => {
          const sum = (total.read() ?? 0) + Number(value);
          total.write(sum);
          return { key, value: sum };
        },
        { total: valueState<number>("total") },
      )
      .withCoder(TOTALS),
);

registerTransform("test:opaque:v1", () => (words: PCollection<string>) => words.map((word) => ({ word })));

registerTransform("test:failing:v1", () => {
  throw new RangeError("no such unit");
});
