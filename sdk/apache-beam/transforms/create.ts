/**
 * Elements that the program has already.
 *
 * @module girder/apache-beam/transforms/create
 */
import { create as girderCreate } from "../../transforms/create.js";
import { impulse } from "../../transforms/impulse.js";
import { PCollection, type Root } from "../pvalue.js";
import { type PTransform, withName } from "./transform.js";

/**
 * A PCollection of these elements.
 *
 * @param reshuffle Whether more than one are redistributed, so that what follows is divided into bundles. Default true.
 */
export function create<T>(elements: T[], reshuffle = true): PTransform<Root, PCollection<T>> {
  return withName("create", ({ girder }: Root) =>
    reshuffle
      ? new PCollection(girderCreate(elements)(girder))
      : new PCollection(girder.apply(impulse()).flatMap("ExtractElements", () => elements)),
  );
}
