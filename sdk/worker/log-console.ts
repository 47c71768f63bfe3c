/** What a worker's process writes to its console, told to the runner, too. */
import { format } from "node:util";
import { Severity } from "./log-channel.js";

const SEVERITIES = {
  trace: Severity.DEBUG,
  debug: Severity.DEBUG,
  log: Severity.INFO,
  info: Severity.INFO,
  warn: Severity.WARN,
  error: Severity.ERROR,
} as const;

/** Has `log` told of what is written to the console from here on. @returns what undoes it. */
export function logConsole(log: (severity: Severity, message: string) => void): () => void {
  const undo: (() => void)[] = [];
  for (const [name, severity] of Object.entries(SEVERITIES) as [keyof typeof SEVERITIES, Severity][]) {
    const original = console[name];
    console[name] = (...args: unknown[]) => {
      original.apply(console, args);
      log(severity, format(...args));
    };
    undo.push(() => {
      console[name] = original;
    });
  }
  return () => {
    for (const each of undo) each();
  };
}
