import assert from "node:assert/strict";
import type { Residual } from "../../portability/execution/stage.js";
import type { InternedWindow } from "../../portability/execution/window.js";
import type { EngineCommand } from "./events.js";
import type { EngineGraph, GroupingStrategy, StageNode } from "./graph.js";
import { Harness, onlyRun, SOURCE, STRATEGY, stage, texts } from "./testing.js";

type Ask<Type> = Extract<EngineCommand, { type: Type }>;

function only<Type extends EngineCommand["type"]>(commands: readonly EngineCommand[], type: Type): Ask<Type> {
  assert.deepEqual(
    commands.map((command) => command.type),
    [type],
  );
  return commands[0] as Ask<Type>;
}

const names = (windows: readonly InternedWindow[]): string[] => windows.map(({ value }) => String(value));

describe("windows of side inputs that only their function can map", () => {
  const reader: StageNode = {
    ...stage("reader", ["m"], []),
    sideInputs: [{ pcollection: "s", mapping: { kind: "custom", windowing: "w" } }],
  };
  const graph: EngineGraph = {
    nodes: [SOURCE, stage("side", ["i"], ["s"]), stage("main", ["i"], ["m"]), reader],
  };

  it("are asked for once, and the elements wait for the answer and for the side input", () => {
    for (const copies of [false, true]) {
      const harness = new Harness(graph);
      harness.copies = copies;
      harness.start();
      const { windows } = harness;
      const [first, second] = [windows.interval(0, 10), windows.interval(10, 20)];
      const asked = only(harness.finish(1, [harness.element("a", 3), harness.element("b", 13)]), "map-windows");
      assert.deepEqual([asked.windowing, names(asked.windows)], ["w", ["[0, 10)", "[10, 20)"]]);
      assert.deepEqual(harness.finish(2, [harness.element("x", 1), harness.element("y", 11)]), []);
      const answer = { type: "windows-mapped", windowing: "w", from: [first, second], to: [second, first] } as const;
      const run = onlyRun(harness.step(answer));
      assert.deepEqual(texts(graph, [run]), ['run 3: reader "a" "b"']);
      const seen = [first, second].map((it) => run.sideInputs[0]!.get(it)!.map(({ columns }) => columns.refs));
      assert.deepEqual(seen, [[["y"]], [["x"]]]);
      assert.deepEqual(texts(graph, harness.finish(3)), ["done"]);
    }
  });

  it("keep the job from ending before they are answered", () => {
    const harness = new Harness(graph);
    harness.start();
    const { windows } = harness;
    harness.finish(2);
    only(harness.finish(1, [harness.element("a", 3)]), "map-windows");
    assert.deepEqual(harness.tick(5), []);
    const from = [windows.interval(0, 10)];
    onlyRun(harness.step({ type: "windows-mapped", windowing: "w", from, to: [windows.interval(50, 60)] }));
  });
});

describe("windows that only their function can merge", () => {
  const graphOf = (strategy: Partial<GroupingStrategy>): EngineGraph => ({
    nodes: [
      SOURCE,
      stage("source", ["i"], ["a"]),
      {
        kind: "group-by-key",
        id: "group",
        input: "a",
        output: "g",
        strategy: { ...STRATEGY, merging: "custom", ...strategy },
      },
      stage("sink", ["g"], []),
    ],
  });
  const GROUP = 2;

  it("are asked for before the watermark passes their end, and emitted when that is answered", () => {
    for (const copies of [false, true]) {
      const harness = new Harness(graphOf({}));
      harness.copies = copies;
      const { windows } = harness;
      const [one, two, three] = [windows.interval(0, 10), windows.interval(5, 15), windows.interval(50, 60)];
      harness.start();
      const asked = only(
        harness.finish(1, [
          harness.element(1, 3, "k", one),
          harness.element(2, 7, "k", two),
          harness.element(3, 55, "k", three),
          harness.element(4, 55, "l", three),
        ]),
        "merge-windows",
      );
      assert.deepEqual(
        asked.keys.map(({ key, windows: open }) => [key, names(open)]),
        [
          ["k", ["[0, 10)", "[5, 15)", "[50, 60)"]],
          ["l", ["[50, 60)"]],
        ],
      );
      const into = windows.interval(0, 15);
      const run = onlyRun(
        harness.step({
          type: "windows-merged",
          node: GROUP,
          keys: [
            { key: "k", merges: [{ from: [one, two], into }] },
            { key: "l", merges: [] },
          ],
        }),
      );
      assert.deepEqual(texts(harness.graph, [run]), ["run 2: sink [1,2] [3] [4]"]);
      const { windows: column } = run.work[0]!.batch.columns;
      assert.deepEqual(names(column as InternedWindow[]), ["[0, 15)", "[50, 60)", "[50, 60)"]);
      assert.deepEqual(texts(harness.graph, harness.finish(2)), ["done"]);
    }
  });

  it("may have elements that come while they are asked for", () => {
    const harness = new Harness(graphOf({}));
    const { windows } = harness;
    const [one, two, far] = [windows.interval(0, 10), windows.interval(5, 15), windows.interval(12, 22)];
    harness.start();
    const left: Residual = { input: 0, batch: harness.element("more", 11), delay: 0 };
    // The watermark comes to 11: the first of the windows has ended.
    const [ask, source] = harness.finish(1, [harness.element(1, 3, "k", one), harness.element(2, 7, "k", two)], [left]);
    assert.ok(ask?.type === "merge-windows" || source?.type === "merge-windows");
    assert.deepEqual(harness.finish(2, [harness.element(3, 13, "k", far)]), []);
    const merges = [{ from: [one, two], into: windows.interval(0, 15) }];
    const again = only(
      harness.step({ type: "windows-merged", node: GROUP, keys: [{ key: "k", merges }] }),
      "merge-windows",
    );
    assert.deepEqual(names(again.keys[0]!.windows).toSorted(), ["[0, 15)", "[12, 22)"]);
    const all = [{ from: again.keys[0]!.windows, into: windows.interval(0, 22) }];
    const run = onlyRun(harness.step({ type: "windows-merged", node: GROUP, keys: [{ key: "k", merges: all }] }));
    const [group] = run.work[0]!.batch.columns.refs as [Iterable<number>];
    assert.deepEqual([...group].toSorted(), [1, 2, 3]);
  });

  it("are asked for early, too, where their trigger may fire before they end", () => {
    const harness = new Harness(graphOf({ trigger: { kind: "repeat", part: { kind: "element-count", count: 2 } } }));
    const { windows } = harness;
    const [one, two] = [windows.interval(0, 10), windows.interval(5, 15)];
    harness.start();
    const left: Residual = { input: 0, batch: harness.element("more", 4), delay: 0 };
    const commands = harness.finish(1, [harness.element(1, 5, "k", one), harness.element(2, 7, "k", two)], [left]);
    assert.deepEqual(commands.map(({ type }) => type).toSorted(), ["merge-windows", "run"]);
    const merges = [{ from: [one, two], into: windows.interval(0, 15) }];
    const run = onlyRun(harness.step({ type: "windows-merged", node: GROUP, keys: [{ key: "k", merges }] }));
    assert.deepEqual(texts(harness.graph, [run]), ["run 3: sink [1,2]"]);
  });

  it("need not be windows that the key has", () => {
    const harness = new Harness(graphOf({}));
    const { windows } = harness;
    const one = windows.interval(0, 10);
    harness.start();
    only(harness.finish(1, [harness.element(1, 3, "k", one)]), "merge-windows");
    const merges = [{ from: [windows.interval(7, 8), windows.interval(8, 9)], into: windows.interval(7, 9) }];
    const keys = [
      { key: "k", merges },
      { key: "nobody's", merges },
    ];
    const run = onlyRun(harness.step({ type: "windows-merged", node: GROUP, keys }));
    assert.deepEqual(texts(harness.graph, [run]), ["run 2: sink [1]"]);
    assert.deepEqual(texts(harness.graph, harness.finish(2)), ["done"]);
  });
});
