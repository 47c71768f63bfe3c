import assert from "node:assert/strict";
import { expectTypeOf } from "expect-type";
import { decodeFromBytes, encodeToBytes } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import { sum } from "../combiners/index.js";
import { P } from "../pipeline/p.js";
import type { PCollection } from "../pipeline/pcollection.js";
import type { Root } from "../pipeline/root.js";
import { passert, testPipeline } from "../testing/index.js";
import { create } from "../transforms/create.js";
import { reshuffle } from "../transforms/reshuffle.js";
import {
  array,
  boolean,
  byte,
  bytes,
  combinedOf,
  convertTo,
  countOf,
  date,
  decimal,
  double,
  drop,
  fixedBytes,
  fixedChar,
  float,
  groupRows,
  type Integer,
  int16,
  int32,
  int64,
  iterable,
  joinRows,
  map,
  maxOf,
  meanOf,
  microsInstant,
  millisInstant,
  minOf,
  nullable,
  pythonCallable,
  type RowOf,
  rename,
  row,
  rowCount,
  schema,
  schemaOf,
  select,
  string,
  sumOf,
  timestamp,
  varBytes,
  varChar,
  withSchema,
} from "./index.js";

const ADDRESS = schema({ town: string(), zip: nullable(string()) });
const ORDERS = schema({
  id: int64(),
  buyer: string(),
  price: nullable(int32()),
  weight: double(),
  to: nullable(row(ADDRESS)),
});
type Order = RowOf<typeof ORDERS>;

const ROWS: Order[] = [
  { id: 1, buyer: "ada", price: 10, weight: 0.5, to: { town: "London", zip: null } },
  { id: 2, buyer: "bob", price: null, weight: 1.5, to: null },
  { id: 3, buyer: "ada", price: 5, weight: 2.5, to: { town: "Turin", zip: "10121" } },
];
const orders = (root: Root): PCollection<Order> => root.apply("Orders", create(ROWS)).apply(withSchema(ORDERS));
const code = (expected: string, text: RegExp) => (thrown: unknown) =>
  thrown instanceof GirderError && thrown.code === expected && text.test(thrown.message);
const throwing = (build: (root: Root) => unknown) => testPipeline((root) => void build(root));

describe("a schema", () => {
  it("gives the type of its rows", () => {
    expectTypeOf<Order>().toEqualTypeOf<{
      readonly id: Integer;
      readonly buyer: string;
      readonly price: number | null;
      readonly weight: number;
      readonly to: { readonly town: string; readonly zip: string | null } | null;
    }>();
    const all = schema({ m: map(string(), array(int16())), at: microsInstant(), day: date(), raw: bytes() });
    expectTypeOf<RowOf<typeof all>>().toEqualTypeOf<{
      readonly m: ReadonlyMap<string, readonly number[]>;
      readonly at: { readonly seconds: Integer; readonly micros: Integer };
      readonly day: Integer;
      readonly raw: Uint8Array;
    }>();
  });

  it("writes all atomic and logical types, and rows, arrays and maps of them", () => {
    const all = schema({
      byte: byte(),
      int16: int16(),
      int32: int32(),
      int64: int64(),
      float: float(),
      double: double(),
      string: string(),
      boolean: boolean(),
      bytes: bytes(),
      array: array(nullable(int32())),
      iterable: iterable(string()),
      map: map(string(), int64()),
      row: row(ADDRESS),
      millis: millisInstant(),
      micros: microsInstant(),
      timestamp: timestamp(9),
      shortTimestamp: timestamp(3),
      date: date(),
      decimal: decimal(),
      fixedBytes: fixedBytes(2),
      varBytes: varBytes(5),
      fixedChar: fixedChar(2),
      varChar: varChar(5),
      python: pythonCallable(),
      absent: nullable(string()),
    });
    const value: RowOf<typeof all> = {
      byte: -128,
      int16: 32_767,
      int32: -(2 ** 31),
      int64: 2n ** 62n,
      float: 0.5,
      double: 0.1,
      string: "ä",
      boolean: true,
      bytes: Uint8Array.of(1, 2),
      array: [1, null],
      iterable: ["a"],
      map: new Map([["a", 1]]),
      row: { town: "London", zip: null },
      millis: -5,
      micros: { seconds: 1, micros: 2 },
      timestamp: { seconds: -2, subseconds: 999_999_999 },
      shortTimestamp: { seconds: 0, subseconds: 999 },
      date: 20_000,
      decimal: "-100.123",
      fixedBytes: Uint8Array.of(1, 2),
      varBytes: Uint8Array.of(3),
      fixedChar: "ab",
      varChar: "c",
      python: "str.upper",
      absent: null,
    };
    assert.deepEqual(decodeFromBytes(all.coder, encodeToBytes(all.coder, value)), value);
    assert.throws(() => timestamp(10), code("invalid-argument", /precision of a timestamp is 10/));
  });

  it("makes rows of plain objects, and plain objects of rows", () => {
    const events = schema({
      at: millisInstant(),
      exact: microsInstant(),
      day: date(),
      tags: array(string()),
      counts: map(string(), int32()),
      byId: map(int32(), string()),
      to: nullable(row(ADDRESS)),
      note: nullable(string()),
    });
    const at = new Date("2024-02-29T12:00:00.250Z");
    const object = {
      at,
      exact: at,
      day: at,
      tags: new Set(["a"]),
      counts: { a: 1 },
      byId: new Map([[1, "x"]]),
      to: { town: "T" },
    };
    const made = events.fromObject({ ...object, other: "left out" });
    assert.deepEqual(made, {
      at: at.getTime(),
      exact: { seconds: 1_709_208_000, micros: 250_000 },
      day: 19_782,
      tags: ["a"],
      counts: new Map([["a", 1]]),
      byId: new Map([[1, "x"]]),
      to: { town: "T", zip: null },
      note: null,
    });
    assert.deepEqual(events.toObject(made), {
      at,
      exact: { seconds: 1_709_208_000, micros: 250_000 },
      day: new Date("2024-02-29"),
      tags: ["a"],
      counts: { a: 1 },
      byId: new Map([[1, "x"]]),
      to: { town: "T", zip: null },
      note: null,
    });
  });

  it("refuses objects whose values are of other types, with the field", () => {
    const refused: [object, RegExp][] = [
      [{ ...ROWS[0], buyer: undefined }, /undefined is not of the field's type, string\. \(at field buyer\)/],
      [{ ...ROWS[0], price: 2 ** 31 }, /2147483648 is not of the field's type, int32 or null\. \(at field price\)/],
      [{ ...ROWS[0], id: 2n ** 63n }, /field id/],
      [{ ...ROWS[0], weight: "1" }, /field weight/],
      [{ ...ROWS[0], to: { zip: "x" } }, /field to\.town/],
      [{ ...ROWS[0], to: 7 }, /field to\)/],
    ];
    for (const [object, text] of refused) assert.throws(() => ORDERS.fromObject(object), code("cannot-encode", text));
    const lists = schema({ list: array(int32()), map: map(string(), int32()) });
    assert.throws(() => lists.fromObject({ list: [1, "2"], map: {} }), code("cannot-encode", /field list\[1\]/));
    assert.throws(() => lists.fromObject({ list: 1, map: {} }), code("cannot-encode", /field list/));
    assert.throws(() => lists.fromObject({ list: [], map: { a: "x" } }), code("cannot-encode", /field map\[a\]/));
    assert.throws(() => lists.fromObject({ list: [], map: 1 }), code("cannot-encode", /field map/));
  });

  it("belongs to a PCollection, through filters and to other workers", async () => {
    await testPipeline((root) => {
      const cheap = orders(root)
        .filter(({ price }) => price !== null && price < 8)
        .apply(reshuffle());
      assert.deepEqual([...schemaOf(cheap).fields.keys()], ["id", "buyer", "price", "weight", "to"]);
      passert(cheap).containsInAnyOrder([ROWS[2]!]);
    });
    await assert.rejects(
      throwing((root) => root.apply(create([{ a: 1 }])).apply(select("a"))),
      code("invalid-argument", /no schema.*withSchema/s),
    );
  });
});

describe("rows", () => {
  it("can be had with some fields, without some, and with other names", async () => {
    await testPipeline((root) => {
      const all = orders(root);
      const some = all.apply(select("price", "id"));
      expectTypeOf(some).toEqualTypeOf<PCollection<{ readonly price: number | null; readonly id: Integer }>>();
      passert(some).containsInAnyOrder([
        { price: 10, id: 1 },
        { price: null, id: 2 },
        { price: 5, id: 3 },
      ]);
      const flat = all.apply(select({ town: "to.town", who: "buyer" }));
      expectTypeOf(flat).toEqualTypeOf<PCollection<{ readonly town: string | null; readonly who: string }>>();
      passert(flat).containsInAnyOrder([
        { town: "London", who: "ada" },
        { town: null, who: "bob" },
        { town: "Turin", who: "ada" },
      ]);
      assert.equal(schemaOf(flat).fields.get("town")!.nullable, true);
      const fewer = all.apply(drop("to", "price", "weight"));
      expectTypeOf(fewer).toEqualTypeOf<PCollection<Omit<Order, "to" | "price" | "weight">>>();
      const renamed = fewer.apply(rename({ id: "order" }));
      expectTypeOf(renamed).toEqualTypeOf<PCollection<{ readonly order: Integer; readonly buyer: string }>>();
      passert(renamed).containsInAnyOrder([
        { order: 1, buyer: "ada" },
        { order: 2, buyer: "bob" },
        { order: 3, buyer: "ada" },
      ]);
    });
  });

  it("refuse fields that they do not have, two of one name, and none", async () => {
    const loose = (root: Root) => orders(root) as PCollection<never>;
    const refused: [(root: Root) => unknown, RegExp][] = [
      [(root) => loose(root).apply(select("colour")), /no field "colour".*They have id, buyer, price, weight, to/],
      [(root) => loose(root).apply(select({ x: "to.street" })), /no field "to.street"/],
      [(root) => loose(root).apply(select({ x: "buyer.name" })), /no field "buyer.name"/],
      [(root) => loose(root).apply(drop("colour")), /no field "colour"/],
      [(root) => loose(root).apply(rename({ colour: "color" })), /no field "colour"/],
      [(root) => orders(root).apply(rename({ id: "buyer" })), /called the same: buyer, buyer/],
      [(root) => orders(root).apply(drop("id", "buyer", "price", "weight", "to")), /No field is left/],
    ];
    for (const [build, text] of refused) await assert.rejects(throwing(build), code("invalid-argument", text));
  });

  it("can be grouped by fields, with aggregates for which null does not count", async () => {
    await testPipeline((root) => {
      const grouped = orders(root).apply(
        groupRows("buyer").aggregate({
          orders: rowCount(),
          priced: countOf("price"),
          total: sumOf("price"),
          ids: sumOf("id"),
          mean: meanOf("weight"),
          least: minOf("price"),
          last: maxOf("buyer"),
          own: combinedOf("weight", sum, double()),
        }),
      );
      expectTypeOf(grouped).toEqualTypeOf<
        PCollection<{
          readonly buyer: string;
          readonly orders: Integer;
          readonly priced: Integer;
          readonly total: Integer | null;
          readonly ids: Integer;
          readonly mean: number;
          readonly least: number | null;
          readonly last: string;
          readonly own: number;
        }>
      >();
      passert(grouped).containsInAnyOrder([
        { buyer: "ada", orders: 2, priced: 2, total: 15, ids: 4, mean: 1.5, least: 5, last: "ada", own: 3 },
        { buyer: "bob", orders: 1, priced: 0, total: null, ids: 2, mean: 1.5, least: null, last: "bob", own: 1.5 },
      ]);
      const places = root
        .apply("Places", create(ROWS))
        .apply(withSchema(ORDERS))
        .apply(select({ town: "to.town", id: "id" }));
      const byTown = places.apply(groupRows("town").aggregate({ n: rowCount() }));
      passert(byTown).containsInAnyOrder([
        { town: "London", n: 1 },
        { town: null, n: 1 },
        { town: "Turin", n: 1 },
      ]);
    });
  });

  it("of no rows have counts of 0 and nulls where all are one group", async () => {
    await testPipeline((root) => {
      const none = orders(root).filter(() => false);
      const one = none.apply(groupRows().aggregate({ n: rowCount(), total: sumOf("id"), first: minOf("buyer") }));
      expectTypeOf(one).toEqualTypeOf<
        PCollection<{ readonly n: Integer; readonly total: Integer | null; readonly first: string | null }>
      >();
      passert(one).containsInAnyOrder([{ n: 0, total: null, first: null }]);
      passert(none.apply(groupRows("buyer").aggregate({ n: rowCount() }))).isEmpty();
    });
  });

  it("have integers summed exactly", async () => {
    const large = schema({ n: int64() });
    await testPipeline((root) => {
      const numbers = root
        .apply(create([{ n: Number.MAX_SAFE_INTEGER }, { n: 1 }, { n: 2n ** 60n }, { n: 1 }]))
        .apply(withSchema(large));
      passert(numbers.apply(groupRows().aggregate({ sum: sumOf("n") }))).containsInAnyOrder([
        { sum: 2n ** 60n + 2n ** 53n + 1n },
      ]);
    });
  });

  it("refuse aggregates of other types, and one called as a field", async () => {
    await assert.rejects(
      throwing((root) => orders(root).apply(groupRows("id").aggregate({ x: sumOf("buyer") }))),
      code("invalid-argument", /sumOf\("buyer"\) takes numbers; the field is string/),
    );
    await assert.rejects(
      throwing((root) => orders(root).apply(groupRows("id").aggregate({ x: minOf("to") }))),
      code("invalid-argument", /the field is row or null/),
    );
    assert.throws(() => groupRows("id").aggregate({ id: rowCount() }), code("invalid-argument", /called so/));
  });

  it("can be joined by fields, each way", async () => {
    const people = schema({ name: nullable(string()), age: int32() });
    const buys = schema({ buyer: string(), item: string() });
    const ada = { name: "ada", age: 36 };
    const cyd = { name: "cyd", age: 20 };
    const nobody = { name: null, age: 0 };
    const loom = { buyer: "ada", item: "loom" };
    const card = { buyer: "ada", item: "card" };
    const lost = { buyer: "bob", item: "hat" };
    await testPipeline((root) => {
      const left = root.apply("Buys", create([loom, card, lost])).apply(withSchema(buys));
      const right = root.apply("People", create<RowOf<typeof people>>([ada, cyd, nobody])).apply(withSchema(people));
      const both = [
        { left: loom, right: ada },
        { left: card, right: ada },
      ];
      const lefts = [{ left: lost, right: null }];
      const rights = [
        { left: null, right: cyd },
        { left: null, right: nobody },
      ];
      const inner = P({ left, right }).apply(joinRows({ buyer: "name" }));
      passert(inner).containsInAnyOrder(both);
      passert(P({ left, right }).apply(joinRows({ buyer: "name" }, "left"))).containsInAnyOrder([...both, ...lefts]);
      passert(P({ left, right }).apply(joinRows({ buyer: "name" }, "right"))).containsInAnyOrder([...both, ...rights]);
      const outer = P({ left, right }).apply(joinRows({ buyer: "name" }, "outer"));
      passert(outer).containsInAnyOrder([...both, ...lefts, ...rights]);
      const flat = outer.apply(select({ item: "left.item", age: "right.age" }));
      expectTypeOf(flat).toEqualTypeOf<PCollection<{ readonly item: string | null; readonly age: number | null }>>();
      passert(flat.filter(({ age }) => age === null)).containsInAnyOrder([{ item: "hat", age: null }]);
      const self = P({ left, right: left }).apply(joinRows(["buyer", "item"]));
      passert(self).containsInAnyOrder([loom, card, lost].map((each) => ({ left: each, right: each })));
    });
    await assert.rejects(
      throwing((root) => {
        const left = root.apply("Buys", create([loom])).apply(withSchema(buys));
        const right = root.apply("People", create([ada])).apply(withSchema(people));
        P({ left, right }).apply(joinRows({ buyer: "age" }));
      }),
      code("invalid-argument", /buyer is string, age is int32/),
    );
  });

  it("can be converted to a newer or older schema, by name", async () => {
    const newer = schema({
      note: nullable(string()),
      price: nullable(int64()),
      id: int64(),
      to: nullable(row(schema({ zip: nullable(string()), country: nullable(string()), town: string() }))),
    });
    await testPipeline((root) => {
      const converted = orders(root).apply(convertTo(newer));
      expectTypeOf(converted).toEqualTypeOf<PCollection<RowOf<typeof newer>>>();
      passert(converted).containsInAnyOrder([
        { note: null, price: 10, id: 1, to: { zip: null, country: null, town: "London" } },
        { note: null, price: null, id: 2, to: null },
        { note: null, price: 5, id: 3, to: { zip: "10121", country: null, town: "Turin" } },
      ]);
    });
    const other = schema({
      id: string(),
      price: int32(),
      colour: string(),
      to: nullable(row(schema({ town: int32() }))),
    });
    await assert.rejects(
      throwing((root) => orders(root).apply(convertTo(other))),
      code(
        "invalid-argument",
        /id is int64, not string; price may be null; colour is missing; to\.town is string, not int32/,
      ),
    );
    const lists = schema({ l: array(int16()), m: map(string(), float()) });
    const longer = schema({ l: iterable(nullable(int64())), m: map(string(), double()) });
    await testPipeline((root) => {
      const rows = root.apply(create([{ l: [1], m: new Map([["a", 0.5]]) }])).apply(withSchema(lists));
      passert(rows.apply(convertTo(longer))).containsInAnyOrder([{ l: [1], m: new Map([["a", 0.5]]) }]);
    });
  });
});
