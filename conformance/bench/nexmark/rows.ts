import { QUERY_ROWS } from "./query-rows.js";
import type { Row } from "./row.js";
import { STREAM_ROWS } from "./stream-rows.js";

export const ROWS: readonly Row[] = [...QUERY_ROWS, ...STREAM_ROWS];
