/**
 * Transforms of TypeScript that the programs of other languages here use:
 * `girder serve --job-port=8073 --expansion-port=8097 --register=examples/cross-language/transforms.ts`
 */
import type { PCollection } from "girder";
import { STRING_CODER } from "girder/coders";
import { registerTransform } from "girder/expansion";
import { int64, schema } from "girder/schemas";

registerTransform(
  "example:words:v1",
  ({ minimum }) =>
    (lines: PCollection<string>) =>
      lines
        .flatMap("Words", (line) => line.match(/[A-Za-z']+/g) ?? [])
        .filter("Long", (word) => word.length >= minimum)
        .withCoder(STRING_CODER),
  {
    schema: schema({ minimum: int64() }),
    description: "The words of lines, those of so many letters at least.",
  },
);
