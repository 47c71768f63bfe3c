/**
 * Programs of the simulation about event time, as plain data: a stream that a test says, windows, a trigger, and what is done with
 * it. What they compute depends on the order of events, and on nothing else.
 */
import type { AccumulationMode, Trigger, WindowFn } from "girder";

export interface StreamElement {
  readonly key: string;
  readonly value: number;
  /** ms. */
  readonly timestamp: number;
}

export type StreamEvent =
  | { readonly kind: "elements"; readonly elements: readonly StreamElement[] }
  /** The watermark comes to an instant. */
  | { readonly kind: "watermark"; readonly to: number }
  /** Processing time moves on by so many ms. */
  | { readonly kind: "time"; readonly by: number };

export interface StreamProgram {
  readonly events: readonly StreamEvent[];
  readonly windowFn: WindowFn;
  readonly trigger: Trigger;
  readonly allowedLateness: number;
  readonly accumulationMode: AccumulationMode;
  readonly outputTime: "END_OF_WINDOW" | "EARLIEST_IN_PANE" | "LATEST_IN_PANE";
  readonly onTimeBehavior: "FIRE_ALWAYS" | "FIRE_IF_NONEMPTY";
  readonly closingBehavior: "EMIT_ALWAYS" | "EMIT_IF_NONEMPTY";
  /**
   * What is done: values are grouped, or combined, pane by pane; or a DoFn gathers them until a timer fires, this many ms after
   * the element that sets it, and gives the rest away when the window expires.
   */
  readonly op: "group" | "combine" | { readonly delay: number };
}
