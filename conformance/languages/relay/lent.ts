/** The last part of the relay, lent by a program of its own: of each key the sum of its numbers, once all are there. */
import { type PCollection, valueState } from "girder";
import { STRING_CODER } from "girder/coders";
import { registerTransform } from "girder/expansion";
import { EACH, type Numbered } from "./elements.js";
import { mark } from "./marks.js";

registerTransform("relay:sum:v1", () => (numbered: PCollection<Numbered>) => {
  const state = { count: valueState<number>("count"), sum: valueState<number>("sum") };
  return numbered
    .flatMap(
      "Sum",
      ({ key, value }, { count, sum }) => {
        mark("lent");
        const [n, total] = [(count.read() ?? 0) + 1, (sum.read() ?? 0) + Number(value)];
        count.write(n);
        sum.write(total);
        // One more than there are is said, too: it must not be.
        return n < EACH ? [] : [`${key} ${n} ${total}`];
      },
      state,
    )
    .withCoder(STRING_CODER);
});
