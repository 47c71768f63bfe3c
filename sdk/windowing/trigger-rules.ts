/** What the model says about triggers beside when they fire. */
import type { Duration } from "../../portability/execution/time.js";
import type { Trigger } from "./triggers.js";

/**
 * The trigger of what a grouping emits: it lets panes through as they come, instead of waiting a second time. It is what
 * `getContinuationTrigger` is in Java's and Python's SDK.
 */
export function continuationOf(trigger: Trigger): Trigger {
  switch (trigger.kind) {
    case "count":
      return { kind: "count", count: 1 };
    case "processing-time":
      return { kind: "synchronized-processing-time" };
    case "watermark":
      return {
        kind: "watermark",
        early: trigger.early && continuationOf(trigger.early),
        late: trigger.late && continuationOf(trigger.late),
      };
    case "all":
    case "any":
      return { kind: trigger.kind, parts: trigger.parts.map(continuationOf) };
    case "each":
      // Which of them fired cannot be told from the panes.
      return { kind: "repeatedly", part: { kind: "any", parts: trigger.parts.map(continuationOf) } };
    case "repeatedly":
      return { kind: "repeatedly", part: continuationOf(trigger.part) };
    case "or-finally":
      return {
        kind: "repeatedly",
        part: { kind: "or-finally", main: continuationOf(trigger.main), until: continuationOf(trigger.until) },
      };
    default:
      return trigger;
  }
}

/** Whether the trigger may finish while its window still takes elements, which are then lost. */
export function mayLoseData(trigger: Trigger, allowedLateness: Duration): boolean {
  const loses = (part: Trigger): boolean => mayLoseData(part, allowedLateness);
  switch (trigger.kind) {
    case "count":
    case "processing-time":
    case "synchronized-processing-time":
      return true;
    case "watermark":
      return allowedLateness > 0 && trigger.late === undefined;
    case "all":
    case "each":
      return trigger.parts.every(loses);
    case "any":
      return trigger.parts.some(loses);
    case "or-finally":
      return loses(trigger.main) || loses(trigger.until);
    default:
      return false;
  }
}

/** Whether the trigger can fire at all before its window expires. */
export function everFires(trigger: Trigger): boolean {
  switch (trigger.kind) {
    case "never":
      return false;
    case "all":
      return trigger.parts.every(everFires);
    case "any":
      return trigger.parts.some(everFires);
    case "each":
      return everFires(trigger.parts[0]!);
    case "repeatedly":
      return everFires(trigger.part);
    case "or-finally":
      return everFires(trigger.main) || everFires(trigger.until);
    default:
      return true;
  }
}
