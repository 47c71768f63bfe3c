import { create, fixedWindows, P, reshuffle, seconds, windowInto, withTimestamps } from "girder";
import {
  array,
  convertTo,
  date,
  decimal,
  double,
  groupRows,
  int32,
  int64,
  joinRows,
  map,
  meanOf,
  millisInstant,
  minOf,
  nullable,
  type RowOf,
  row,
  rowCount,
  schema,
  select,
  string,
  sumOf,
  withSchema,
} from "girder/schemas";
import { passert } from "girder/testing";
import type { ConformanceTest } from "../conformance-test.js";

const ADDRESS = schema({ town: string(), zip: nullable(string()) });
const ORDERS = schema({
  id: int64(),
  buyer: string(),
  price: nullable(int32()),
  weight: double(),
  to: nullable(row(ADDRESS)),
});
const PEOPLE = schema({ name: string(), born: date() });

const ROWS: RowOf<typeof ORDERS>[] = [
  { id: 1, buyer: "ada", price: 10, weight: 0.5, to: { town: "London", zip: null } },
  { id: 2n ** 60n, buyer: "bob", price: null, weight: 1.5, to: null },
  { id: 3, buyer: "ada", price: 5, weight: 2.5, to: { town: "Turin", zip: "10121" } },
];

export const SCHEMAS: readonly ConformanceTest[] = [
  {
    category: "Schemas",
    name: "rows cross to other workers and come back equal",
    rule: "What the row coder writes is read as it was: nulls, rows, arrays, maps and logical types.",
    build(root) {
      const all = schema({
        tags: array(nullable(string())),
        counts: map(string(), int64()),
        at: millisInstant(),
        worth: decimal(),
      });
      const value = { tags: ["a", null], counts: new Map([["x", 2]]), at: -1, worth: "-1.50" };
      const other = { tags: [], counts: new Map(), at: 1_700_000_000_000, worth: "1E+100" };
      passert(
        root
          .apply(create([value, other]))
          .apply(withSchema(all))
          .apply(reshuffle()),
      ).containsInAnyOrder([value, other]);
      passert(root.apply(create(ROWS)).apply(withSchema(ORDERS)).apply(reshuffle())).containsInAnyOrder(ROWS);
    },
  },
  {
    category: "Schemas",
    name: "rows are grouped by fields, with aggregates",
    rule: "Rows of equal fields are one group in each window; null does not count in an aggregate.",
    build(root) {
      const windowed = root
        .apply(create(ROWS))
        .apply(withTimestamps(({ weight }) => weight * 1000))
        .apply(windowInto(fixedWindows(seconds(2))))
        .apply(withSchema(ORDERS));
      const aggregates = { n: rowCount(), total: sumOf("price"), mean: meanOf("weight"), least: minOf("id") };
      passert(windowed.apply(groupRows("buyer").aggregate(aggregates))).containsInAnyOrder([
        { buyer: "ada", n: 1, total: 10, mean: 0.5, least: 1 },
        { buyer: "bob", n: 1, total: null, mean: 1.5, least: 2n ** 60n },
        { buyer: "ada", n: 1, total: 5, mean: 2.5, least: 3 },
      ]);
      const places = root
        .apply(create(ROWS))
        .apply(withSchema(ORDERS))
        .apply(select({ town: "to.town", price: "price" }));
      passert(places.apply(groupRows("town").aggregate({ total: sumOf("price") }))).containsInAnyOrder([
        { town: "London", total: 10 },
        { town: null, total: null },
        { town: "Turin", total: 5 },
      ]);
    },
  },
  {
    category: "Schemas",
    name: "rows are joined by fields",
    rule: "Each pair of rows with equal fields comes out once; in an outer join each row without a partner, too.",
    build(root) {
      const left = root.apply("Orders", create(ROWS)).apply(withSchema(ORDERS));
      const people = [
        { name: "ada", born: -56_270 },
        { name: "cyd", born: 0 },
      ];
      const right = root.apply("People", create(people)).apply(withSchema(PEOPLE));
      const joined = P({ left, right })
        .apply(joinRows({ buyer: "name" }, "outer"))
        .apply(select({ id: "left.id", born: "right.born" }));
      passert(joined).containsInAnyOrder([
        { id: 1, born: -56_270 },
        { id: 3, born: -56_270 },
        { id: 2n ** 60n, born: null },
        { id: null, born: 0 },
      ]);
    },
  },
  {
    category: "Schemas",
    name: "rows of an older schema become rows of a newer one",
    rule: "Fields are found by name: new ones are null, others move, and integers may become longer.",
    build(root) {
      const newer = schema({ note: nullable(string()), price: nullable(int64()), id: int64() });
      const converted = root.apply(create(ROWS)).apply(withSchema(ORDERS)).apply(convertTo(newer)).apply(reshuffle());
      passert(converted).containsInAnyOrder(ROWS.map(({ id, price }) => ({ note: null, price, id })));
    },
  },
];
