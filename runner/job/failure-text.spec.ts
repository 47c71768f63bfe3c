import assert from "node:assert/strict";
import { GirderError } from "../../portability/errors.js";
import { failureText, MAX_TEXT, shortened } from "./failure-text.js";

describe("what is told of a failure", () => {
  it("is the message with its step, and the user's exception with its stack", () => {
    const cause = new RangeError("no such thing");
    cause.stack = 'Traceback (most recent call last):\n  File "words.py", line 7, in split\nValueError: no such thing';
    const text = failureText(
      new GirderError("user-exception", "ValueError: no such thing.", { where: "Split/Map", element: '"a"', cause }),
    );
    assert.match(text, /^\[user-exception\] ValueError: no such thing\. \(at Split\/Map\) Element: "a"\./);
    assert.match(text, /\nCaused by: Traceback[\s\S]*words\.py[\s\S]*ValueError: no such thing$/);
  });

  it("is an exception's own stack where nothing else is known, and of defects Girder's", () => {
    assert.match(failureText(new TypeError("oops")), /^TypeError: oops\n\s+at .*failure-text\.spec/);
    assert.match(
      failureText(new GirderError("internal", "Impossible.")),
      /Impossible[\s\S]*\n\s+at .*failure-text\.spec/,
    );
    assert.equal(failureText("a string"), "a string");
  });

  it("says what is said once, and comes to an end for causes in a circle", () => {
    const error = new GirderError("worker-lost", "The worker died: exit code 1.");
    assert.equal(
      failureText(new GirderError("io", `Failed: ${error.message}`, { cause: error })),
      `[io] Failed: ${error.message}`,
    );
    const circle = new GirderError("io", "Round.");
    circle.cause = new GirderError("io", "And round.", { cause: circle });
    assert.equal(failureText(circle), "[io] Round.\nCaused by: [io] And round.");
  });

  it("is cut in the middle where it is long", () => {
    const text = `first ${"😀".repeat(MAX_TEXT)} last`;
    const short = shortened(text);
    assert.ok(short.length < MAX_TEXT + 100);
    assert.match(short, /^first 😀[\s\S]*\n… \d+ characters are left out …\n[\s\S]*😀 last$/);
    assert.ok(!/[\uD800-\uDBFF](?![\uDC00-\uDFFF])/.test(short));
    assert.equal(shortened("short"), "short");
  });
});
