import assert from "node:assert/strict";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  LogEntrySchema,
  LogEntry_Severity_Enum as Severity,
} from "../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { messageOfLog } from "./worker-log.js";

describe("what a worker logs", () => {
  const message = (entry: MessageInitShape<typeof LogEntrySchema>) =>
    messageOfLog("count-12ab", "count-12ab/go-1", create(LogEntrySchema, entry));

  it("is a message that says which worker and step, when, with the trace, and never an error", () => {
    const time = new Date("2026-11-01T12:00:00.123Z");
    const entry = { message: "no such word", trace: "at split", transformId: "Split", logLocation: "words.py:7" };
    assert.deepEqual(message({ ...entry, severity: Severity.CRITICAL, timestamp: timestampFromDate(time) }), {
      importance: "warning",
      text: "count-12ab/go-1 Split words.py:7: no such word\nat split",
      time,
    });
  });

  it("matters as much as its severity says", () => {
    const importance = (severity: Severity) => message({ severity })?.importance;
    assert.deepEqual(
      [Severity.TRACE, Severity.DEBUG, Severity.INFO, Severity.NOTICE, Severity.WARN, Severity.ERROR].map(importance),
      ["debug", "detailed", "basic", "basic", "warning", "warning"],
    );
  });

  it("is not told where it quotes what was told", () => {
    const told = message({ message: "Job[count-12ab] state: RUNNING" });
    assert.ok(told !== undefined);
    assert.equal(message({ message: `(time=2026)(id=7)${told.text}` }), undefined);
  });
});
