/** A pipeline of four workers in three languages, with state in each: Python, TypeScript, Java, and TypeScript of another program. */
import { create, type PCollection, pipelineOptions, run, valueState } from "girder";
import { externalTransform, javaTransform, pythonCallable, pythonTransform } from "girder/expansion";
import { writeToText } from "girder/io/textio";
import { EACH, KEYS, NUMBERED, type Numbered } from "./elements.js";
import { mark } from "./marks.js";

const options = pipelineOptions({
  expansion: { type: "string", description: "Where the last part is lent." },
  python: { type: "string", description: "A Python with apache-beam." },
  classPath: { type: "string", description: "Java's part and all it needs, with colons between." },
  output: { type: "string", description: "Prefix of the files to write." },
});

const NUMBERED_BY_PYTHON = pythonCallable(`
import os
import time
import typing
import apache_beam as beam
from apache_beam.coders import VarIntCoder
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec

class Number(beam.DoFn):
  COUNT = ReadModifyWriteStateSpec('count', VarIntCoder())

  def process(self, pair, count=beam.DoFn.StateParam(COUNT)):
    with open(os.path.join(os.environ['GIRDER_RELAY'], 'python'), 'a') as marks:
      marks.write(f'{os.getpid()}\\n')
    time.sleep(0.004)
    now = (count.read() or 0) + 1
    count.write(now)
    yield pair[0], now

def numbered(pairs):
  return pairs | beam.ParDo(Number()).with_output_types(typing.Tuple[str, int])
`);

await run((root) => {
  root
    .apply(create(Array.from({ length: KEYS.length * EACH }, (_, i) => ({ key: KEYS[i % KEYS.length]!, value: 0 }))))
    .withCoder(NUMBERED)
    .apply(
      "Python",
      pythonTransform<PCollection<Numbered>>("__callable__", {
        args: [NUMBERED_BY_PYTHON],
        service: { python: options.python, workers: "processes" },
      }),
    )
    .map(
      "TypeScript",
      ({ key }, { count }) => {
        mark("typescript");
        const n = (count.read() ?? 0) + 1;
        count.write(n);
        return { key, value: n };
      },
      { count: valueState<number>("count") },
    )
    .withCoder(NUMBERED)
    .apply(
      "Java",
      javaTransform<PCollection<Numbered>>("girder.languages.Numbered", { classPath: options.classPath.split(":") }),
    )
    .apply("Lent", externalTransform<PCollection<string>>("relay:sum:v1", new Uint8Array(), options.expansion))
    .apply(writeToText(options.output));
}, options);
