/** Who reads each PCollection of a graph. */
import type { EngineGraph, EngineNode } from "./graph.js";

export interface Readers {
  readonly producer: number;
  readonly stages: { readonly node: number; readonly input: number }[];
  readonly groupings: number[];
  readonly flattens: { readonly node: number; readonly output: string }[];
  /** Nodes that have it as a side input. */
  readonly sideInputs: number[];
}

export function readersOf({ nodes }: EngineGraph): Map<string, Readers> {
  const all = new Map<string, Readers>();
  nodes.forEach((node, i) => {
    for (const output of outputsOf(node)) {
      all.set(output, { producer: i, stages: [], groupings: [], flattens: [], sideInputs: [] });
    }
    const reads = (pcollection: string): Readers => {
      const readers = all.get(pcollection);
      if (readers === undefined) throw new Error(`"${node.id}" reads "${pcollection}", which no earlier node produces`);
      return readers;
    };
    switch (node.kind) {
      case "stage":
        node.inputs.forEach((pcollection, input) => {
          reads(pcollection).stages.push({ node: i, input });
        });
        for (const { pcollection } of node.sideInputs) reads(pcollection).sideInputs.push(i);
        break;
      case "group-by-key":
        reads(node.input).groupings.push(i);
        break;
      case "flatten":
        for (const input of node.inputs) reads(input).flattens.push({ node: i, output: node.output });
        break;
      case "impulse":
      case "scripted":
        break;
    }
  });
  return all;
}

/** The stages that the outputs of a node come to as main inputs, by way of any nodes. */
export function stagesAfter({ nodes }: EngineGraph, all: ReadonlyMap<string, Readers>, from: number): Set<number> {
  const after = new Set([from]);
  for (const i of after) {
    for (const output of outputsOf(nodes[i]!)) {
      const { stages, groupings, flattens } = all.get(output)!;
      for (const { node } of [...stages, ...flattens]) after.add(node);
      for (const node of groupings) after.add(node);
    }
  }
  return new Set([...after].filter((i) => i !== from && nodes[i]!.kind === "stage"));
}

export function outputsOf(node: EngineNode): readonly string[] {
  return node.kind === "stage" ? node.outputs : [node.output];
}
