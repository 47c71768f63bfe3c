import assert from "node:assert/strict";
import fc from "fast-check";
import { wrapperNames } from "./wrapper-names.js";

const names = (...identifiers: string[]) => Object.fromEntries(wrapperNames(identifiers));

describe("names of generated functions", () => {
  it("are the last words of identifiers, in camel case", () => {
    assert.deepEqual(
      names(
        "beam:schematransform:org.apache.beam:kafka_read:v1",
        "beam:schematransform:org.apache.beam:yaml:map_to_fields-java:v1",
        "test:long_words:v1",
        "Example:IORead",
        "XML",
      ),
      {
        "beam:schematransform:org.apache.beam:kafka_read:v1": "kafkaRead",
        "beam:schematransform:org.apache.beam:yaml:map_to_fields-java:v1": "mapToFieldsJava",
        "test:long_words:v1": "longWords",
        "Example:IORead": "ioRead",
        XML: "xml",
      },
    );
  });

  it("have more words where two would be the same, then versions", () => {
    assert.deepEqual(names("a:read:v1", "b:read:v1", "b:write:v1", "b:write:v2"), {
      "a:read:v1": "aRead",
      "b:read:v1": "bRead",
      "b:write:v1": "bWriteV1",
      "b:write:v2": "bWriteV2",
    });
  });

  it("are no words of the language, and begin with no digit", () => {
    assert.deepEqual(names("a:delete:v1", "a:2d:v1", "a:service", "::"), {
      "a:delete:v1": "deleteTransform",
      "a:2d:v1": "_2d",
      "a:service": "serviceTransform",
      "::": "transform",
    });
  });

  it("are as many as the identifiers, whatever those are", () => {
    const identifier = fc.oneof(
      fc.string(),
      fc
        .array(fc.constantFrom("beam", "a", "A", "a_b", "b", "v1", "v2", "org.x"), { maxLength: 4 })
        .map((all) => all.join(":")),
    );
    fc.assert(
      fc.property(fc.uniqueArray(identifier), (identifiers) => {
        const all = [...wrapperNames(identifiers).values()];
        assert.equal(new Set(all).size, identifiers.length);
        for (const name of all) assert.match(name, /^[A-Za-z_]\w*$/);
      }),
    );
  });
});
