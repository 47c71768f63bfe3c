/** Makes programs at random. */
import { fixedWindows, globalWindows, sessions, slidingWindows, type WindowFn } from "girder";
import { ELEMENT_WISE, GROUPINGS, outputsOf, type Program, type SourceElement, type Step } from "./program.js";

/** What is known of a collection while a program is made. */
interface Collection {
  readonly windowFn: WindowFn;
  /**
   * Whether timestamps are in the range of the sources'. Elements grouped in the global window are at its end, after which
   * no other window comes.
   */
  readonly timed: boolean;
  /**
   * Whether an element may be in several windows at once. Then it depends on how runners write elements down whether new
   * windows make one of it or several.
   */
  readonly several: boolean;
  /** Whether sessions have been merged. Grouped again, whether they merge once more depends on when each of them comes. */
  readonly merged: boolean;
}

type Random = () => number;

/** Kinds of steps, as often as they are to be drawn. */
const STEPS = [
  "elementWise",
  "elementWise",
  "window",
  "grouping",
  "grouping",
  "flatten",
  "coGroup",
  "partition",
  "reshuffle",
  "sideInput",
] as const;

class Generator {
  readonly #collections: Collection[] = [];
  readonly #steps: Step[] = [];

  constructor(readonly random: Random) {}

  program(): Program {
    this.#source();
    if (this.random() < 0.3) this.#source();
    const steps = 2 + this.#below(10);
    for (let i = 0; i < steps; i++) this.#step();
    return this.#steps;
  }

  #step(): void {
    const input = this.#anyCollection();
    const collection = this.#collections[input]!;
    const kind = this.#oneOf(STEPS);
    switch (kind) {
      case "window":
        if (!collection.several) this.#window(input, collection.timed);
        break;
      case "grouping":
        if (!collection.merged) this.#grouping(input);
        break;
      case "flatten":
        this.#flatten(input);
        break;
      case "coGroup":
        if (!collection.merged) this.#coGroup(input);
        break;
      case "sideInput":
        this.#sideInput(input);
        break;
      case "partition":
        this.#add({ op: kind, input, into: 2 + this.#below(2) }, collection);
        break;
      case "reshuffle":
        this.#add({ op: kind, input }, collection);
        break;
      case "elementWise":
        this.#add({ op: this.#oneOf(ELEMENT_WISE), input, salt: this.#below(100) }, collection);
        break;
    }
  }

  #source(): void {
    const size = this.random() < 0.1 ? 400 : this.#below(40);
    const span = 20 + this.#below(200);
    const elements = Array.from(
      { length: size },
      (): SourceElement => ({ value: this.#below(200), timestamp: this.#below(span) - 20 }),
    );
    const timed = { windowFn: globalWindows(), timed: true, several: false, merged: false };
    this.#add({ op: "source", elements }, timed);
    this.#window(this.#collections.length - 1, true);
  }

  #window(input: number, timed: boolean): void {
    const windowFn = timed ? this.#windowFn() : globalWindows();
    const shift = timed && this.random() < 0.5 ? this.#below(30) : 0;
    const several = windowFn.kind === "sliding";
    this.#add({ op: "window", input, windowFn, shift }, { windowFn, timed, several, merged: false });
  }

  #windowFn(): WindowFn {
    const size = 1 + this.#below(40);
    switch (this.#below(4)) {
      case 0:
        return globalWindows();
      case 1:
        return fixedWindows(size, this.#below(size));
      case 2:
        return slidingWindows(size, 1 + this.#below(size), this.#below(5));
      default:
        return sessions(1 + this.#below(12));
    }
  }

  #grouping(input: number): void {
    const after = this.#afterGrouping(this.#collections[input]!);
    if (this.random() < 0.15) this.#add({ op: "combines", input, keys: 1 + this.#below(12) }, after);
    else if (this.random() < 0.2) this.#add({ op: "combineGlobally", input }, after);
    else this.#add({ op: this.#oneOf(GROUPINGS), input, keys: 1 + this.#below(12) }, after);
  }

  #flatten(first: number): void {
    const inputs = [first, this.#like(first)];
    if (this.random() < 0.3) inputs.push(this.#like(first));
    this.#add({ op: "flatten", inputs }, this.#together(inputs));
  }

  #coGroup(left: number): void {
    const right = this.#like(left);
    const keys = 1 + this.#below(12);
    this.#add({ op: "coGroup", left, right, keys }, this.#afterGrouping(this.#together([left, right])));
  }

  #sideInput(input: number): void {
    const side = this.#anyCollection();
    const main = this.#collections[input]!.windowFn.kind;
    const { kind } = this.#collections[side]!.windowFn;
    if (kind === "sessions" || (main === "global" && kind !== "global")) return;
    const view = this.#oneOf(["list", "multimap"] as const);
    this.#add({ op: "sideInput", input, side, view }, this.#collections[input]!);
  }

  #together(inputs: readonly number[]): Collection {
    const all = inputs.map((input) => this.#collections[input]!);
    return {
      windowFn: all[0]!.windowFn,
      timed: all.every(({ timed }) => timed),
      several: all.some(({ several }) => several),
      merged: all[0]!.merged,
    };
  }

  #afterGrouping({ windowFn, timed }: Collection): Collection {
    const global = windowFn.kind === "global";
    return { windowFn, timed: timed && !global, several: false, merged: windowFn.kind === "sessions" };
  }

  #add(step: Step, made: Collection): void {
    this.#steps.push(step);
    for (let i = 0; i < outputsOf(step); i++) this.#collections.push(made);
  }

  /** Any collection, rather a late one: programs are deep then. */
  #anyCollection(): number {
    const { length } = this.#collections;
    return this.random() < 0.6 ? length - 1 - this.#below(Math.min(3, length)) : this.#below(length);
  }

  /** Any collection with the same windows as this one: maybe itself. */
  #like(number: number): number {
    const keyOf = ({ windowFn, merged }: Collection): string => JSON.stringify([windowFn, merged]);
    const key = keyOf(this.#collections[number]!);
    return this.#oneOf([...this.#collections.keys()].filter((other) => keyOf(this.#collections[other]!) === key));
  }

  #below(n: number): number {
    return Math.floor(this.random() * n);
  }

  #oneOf<T>(values: readonly T[]): T {
    return values[this.#below(values.length)]!;
  }
}

/** A program that these random numbers in [0, 1) determine. */
export function generateProgram(random: Random): Program {
  return new Generator(random).program();
}
