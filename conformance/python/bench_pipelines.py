"""The Python pipelines of `npm run bench -- portable`: runs one, and prints how long that took.

    bench_pipelines.py JOB ENDPOINT [--elements N] [--text FILE]

Every pipeline checks its own result, so that a runner which loses elements fails instead of being fast. The time is that of
building the pipeline, submitting it and waiting for its end; loading the SDK is left out.
"""

import argparse
import json
import logging
import time

import apache_beam as beam
from apache_beam.coders import VarIntCoder
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.transforms import userstate
from apache_beam.transforms import window

# Into how many parts the numbers are shared out before they are made.
PARTS = 20


class MakeNumbers(beam.DoFn):
    """A part of the numbers below `elements`."""

    def __init__(self, elements):
        self._size = elements // PARTS

    def process(self, part):
        yield from range(part * self._size, (part + 1) * self._size)


class CountToHundred(beam.DoFn):
    """Says 100 whenever a key has been seen a hundred times more."""

    COUNT = userstate.CombiningValueStateSpec("count", VarIntCoder(), beam.combiners.CountCombineFn())

    def process(self, element, count=beam.DoFn.StateParam(COUNT)):
        count.add(1)
        if count.read() == 100:
            count.clear()
            yield 100


def numbers(pipeline, elements):
    return (
        pipeline
        | beam.Impulse()
        | "Parts" >> beam.FlatMap(lambda _: range(PARTS)).with_output_types(int)
        | beam.Reshuffle()
        | beam.ParDo(MakeNumbers(elements)).with_output_types(int))


def keyed(pcollection, keys):
    return pcollection | "Key" >> beam.Map(lambda i: (i % keys, i)).with_output_types(tuple[int, int])


def sum_is(pcollection, expected):
    def check(total):
        if total != expected:
            raise ValueError(f"{total} is not {expected}")

    pcollection | "Sum" >> beam.CombineGlobally(sum) | "Check" >> beam.Map(check)


def sizes(grouped):
    return grouped | "Size" >> beam.MapTuple(lambda _, values: sum(1 for _ in values)).with_output_types(int)


def group_by_key(pipeline, elements, text):
    sum_is(sizes(keyed(numbers(pipeline, elements), 10_000) | beam.GroupByKey()), elements)


def group_by_distinct_key(pipeline, elements, text):
    sum_is(sizes(keyed(numbers(pipeline, elements), elements) | beam.GroupByKey()), elements)


def group_by_hot_key(pipeline, elements, text):
    values = numbers(pipeline, elements) | "Key" >> beam.Map(lambda i: (0, b"%0100d" % i)).with_output_types(tuple[int, bytes])
    sum_is(sizes(values | beam.GroupByKey()), elements)


def combine_per_key(pipeline, elements, text):
    sums = keyed(numbers(pipeline, elements), 10_000) | beam.CombinePerKey(sum)
    sum_is(sums | beam.Values().with_output_types(int), elements * (elements - 1) // 2)


def ten_maps(pipeline, elements, text):
    values = numbers(pipeline, elements)
    for i in range(10):
        values = values | f"Map{i}" >> beam.Map(lambda x: x).with_output_types(int)
    sum_is(values, elements * (elements - 1) // 2)


def stateful(pipeline, elements, text):
    counts = keyed(numbers(pipeline, elements), 1_000) | beam.ParDo(CountToHundred()).with_output_types(int)
    sum_is(counts, elements)


def windowed_count(pipeline, elements, text):
    # They come within an hour, whose minutes are the windows.
    counts = (
        numbers(pipeline, elements)
        | beam.Map(lambda i: window.TimestampedValue((i % 1_000, 1), i * 3600 / elements)).with_output_types(tuple[int, int])
        | beam.WindowInto(window.FixedWindows(60))
        | beam.CombinePerKey(sum)
        | beam.Values().with_output_types(int)
        | "Globally" >> beam.WindowInto(window.GlobalWindows()))
    sum_is(counts, elements)


def wordcount(pipeline, elements, text):
    counts = (
        pipeline
        | beam.io.ReadFromText(text)
        | beam.FlatMap(str.split).with_output_types(str)
        | beam.Map(lambda word: (word, 1)).with_output_types(tuple[str, int])
        | beam.CombinePerKey(sum)
        | beam.Values().with_output_types(int))
    sum_is(counts, elements)


JOBS = {
    "group-by-key": group_by_key,
    "group-by-distinct-key": group_by_distinct_key,
    "group-by-hot-key": group_by_hot_key,
    "combine-per-key": combine_per_key,
    "ten-maps": ten_maps,
    "stateful": stateful,
    "windowed-count": windowed_count,
    "wordcount": wordcount,
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("job", choices=JOBS)
    parser.add_argument("endpoint")
    parser.add_argument("--elements", type=int, required=True)
    parser.add_argument("--text")
    args = parser.parse_args()
    logging.getLogger().setLevel(logging.ERROR)
    options = PipelineOptions(["--runner=PortableRunner", "--job_endpoint=" + args.endpoint, "--environment_type=LOOPBACK"])
    begun = time.monotonic()
    with beam.Pipeline(options=options) as pipeline:
        JOBS[args.job](pipeline, args.elements, args.text)
    print(json.dumps({"seconds": round(time.monotonic() - begun, 3)}), flush=True)


if __name__ == "__main__":
    main()
