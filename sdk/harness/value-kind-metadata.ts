/** The kind of a value among the metadata of its encoded element (`Elements.ElementMetadata`). */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { PaneInfo, ValueKind } from "../../portability/execution/pane.js";
import {
  Elements_ElementMetadataSchema,
  Elements_ValueKind_Enum as Kind,
} from "../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";

/** What is written of a pane beside the pane itself; undefined where there is nothing. */
export function metadataOf({ valueKind }: PaneInfo): Uint8Array | undefined {
  if (valueKind === undefined) return undefined;
  return toBinary(
    Elements_ElementMetadataSchema,
    create(Elements_ElementMetadataSchema, { valueKind: Kind[valueKind] }),
  );
}

/** The pane with what was written beside it. */
export function paneWith(pane: PaneInfo, metadata: Uint8Array | undefined): PaneInfo {
  if (metadata === undefined) return pane;
  const { valueKind = Kind.INSERT } = fromBinary(Elements_ElementMetadataSchema, metadata);
  const isOne = valueKind === Kind.UPDATE_BEFORE || valueKind === Kind.UPDATE_AFTER || valueKind === Kind.DELETE;
  return isOne ? { ...pane, valueKind: Kind[valueKind] as ValueKind } : pane;
}
