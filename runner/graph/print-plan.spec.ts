import assert from "node:assert/strict";
import { plan } from "./plan.js";
import { pipelineToMermaid, stagesToMermaid } from "./plan-to-mermaid.js";
import { printPlan } from "./print-plan.js";
import { PipelineBuilder } from "./testing.js";

function example() {
  const pipeline = new PipelineBuilder();
  const words = pipeline.parDo("Words", pipeline.impulse("Start"));
  const counted = pipeline.combinePerKey("Count", words);
  pipeline.parDo('Say "hi"', pipeline.impulse("Again"), { sideInputs: { counted } });
  pipeline.composite("All", ["Words", "Count"]);
  return plan(pipeline.build());
}

describe("printPlan", () => {
  it("shows stages in order with what they run, read, look up and write", () => {
    assert.equal(
      printPlan(example()),
      `1. impulse Start
   writes Start.out
2. impulse Again
   writes Again.out
3. executable in main
     Words
     Count/Precombine
   reads  Start.out
   writes Count/Precombined
4. group by key Count/Group
   reads  Count/Precombined
   writes Count/Grouped
5. executable in main
     Count/Merge
     Count/ExtractOutputs
   reads  Count/Grouped
   writes Count.out
6. executable in main
     Say "hi"
   reads  Again.out
   looks up Count.out
`,
    );
  });
});

describe("Mermaid", () => {
  it("draws the pipeline with its composites, side inputs dashed", () => {
    assert.equal(
      pipelineToMermaid(example()),
      `flowchart TD
  t0["Start"]
  t1["Again"]
  t2["Say &quot;hi&quot;"]
  subgraph c2["All"]
    t3["Words"]
    subgraph c1["Count"]
      t4["Precombine"]
      t5["Group"]
      t6["Merge"]
      t7["ExtractOutputs"]
    end
  end
  t1 --> t2
  t7 -.-> t2
  t0 --> t3
  t3 --> t4
  t4 --> t5
  t5 --> t6
  t6 --> t7
`,
    );
  });

  it("draws the stages", () => {
    assert.equal(
      stagesToMermaid(example()),
      `flowchart TD
  s0(["Start"])
  s1(["Again"])
  s2["Words<br/>Count/Precombine"]
  s3{{"Count/Group"}}
  s4["Count/Merge<br/>Count/ExtractOutputs"]
  s5["Say &quot;hi&quot;"]
  s0 --> s2
  s2 --> s3
  s3 --> s4
  s1 --> s5
  s4 -.-> s5
`,
    );
  });
});
