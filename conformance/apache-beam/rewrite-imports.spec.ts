import assert from "node:assert/strict";
import { rewriteImports } from "./rewrite-imports.js";

describe("imports of npm apache-beam", () => {
  it("become imports of the same modules of girder/apache-beam, wherever the program lies", () => {
    const test =
      'import * as beam from "../src/apache_beam";\nimport { sum } from "../src/apache_beam/transforms/combiners";\n';
    assert.equal(
      rewriteImports(test, "test/combine_test.ts"),
      'import * as beam from "girder/apache-beam";\nimport { sum } from "girder/apache-beam/transforms/combiners";\n',
    );
    const example = "import * as beam from '../../apache_beam';\nimport { createRunner } from '../runners/runner';\n";
    assert.equal(
      rewriteImports(example, "src/apache_beam/examples/wordcount.ts"),
      "import * as beam from 'girder/apache-beam';\nimport { createRunner } from 'girder/apache-beam/runners/runner';\n",
    );
  });

  it("are found over several lines and in require, and nothing else is changed", () => {
    const text = [
      'import {\n  parDo,\n} from "../../src/apache_beam/transforms/pardo";',
      'const textio = require("../../src/apache_beam/io/textio");',
      'import Long from "long";',
      'const from = "../../src/apache_beam";',
    ].join("\n");
    assert.equal(
      rewriteImports(text, "test/docs/guide.ts"),
      [
        'import {\n  parDo,\n} from "girder/apache-beam/transforms/pardo";',
        'const textio = require("girder/apache-beam/io/textio");',
        'import Long from "long";',
        'const from = "../../src/apache_beam";',
      ].join("\n"),
    );
  });

  it("may be given another module's place", () => {
    const others = new Map([
      ["src/apache_beam/utils/service", "/stand-ins/service.cjs"],
      ["@google-cloud/pubsub", "/stand-ins/cloud.cjs"],
    ]);
    assert.equal(
      rewriteImports(
        'import * as s from "../src/apache_beam/utils/service";\nrequire("@google-cloud/pubsub")',
        "test/io_test.ts",
        others,
      ),
      'import * as s from "/stand-ins/service.cjs";\nrequire("/stand-ins/cloud.cjs")',
    );
  });
});
