/**
 * What each customer has ordered, in euros, and its share of everything: `girder run examples/side-inputs.ts`
 *
 * The rates are a PCollection that is read as a Map beside each order, the sum of all orders one that is read as a number.
 */
import { asMap, counter, create, groupBy, pipelineOptions, run, singleton, sum, sumGlobally } from "girder";
import { writeToText } from "girder/io/textio";

const options = pipelineOptions({
  output: { type: "string", default: "out/shares", description: "Prefix of the files to write." },
});

const ORDERS = [
  { customer: "ada", amount: 120, currency: "GBP" },
  { customer: "bob", amount: 15_000, currency: "JPY" },
  { customer: "cyd", amount: 80, currency: "EUR" },
  { customer: "ada", amount: 30, currency: "EUR" },
  { customer: "bob", amount: 5, currency: "GBP" },
  { customer: "dot", amount: 7, currency: "XAU" },
];

await run((root) => {
  // Cents for one unit of a currency.
  const rates = root.apply(
    "Rates",
    create([
      { key: "EUR", value: 100 },
      { key: "GBP", value: 116 },
      { key: "JPY", value: 0.6 },
    ]),
  );

  const orders = root.apply("Orders", create(ORDERS)).flatMap(
    "InCents",
    ({ customer, amount, currency }, { rateOf, unknown }) => {
      const rate = rateOf.get(currency);
      if (rate !== undefined) return [{ customer, cents: Math.round(amount * rate) }];
      unknown.inc();
      return [];
    },
    { rateOf: asMap(rates), unknown: counter("unknown currencies") },
  );
  const total = orders.map("Cents", ({ cents }) => cents).apply(sumGlobally());

  orders
    .apply(groupBy("customer").combining("cents", sum, "cents"))
    .map(
      "Format",
      ({ customer, cents }, { all }) =>
        `${customer}: ${(cents / 100).toFixed(2)} EUR, ${((100 * cents) / all).toFixed(1)} %`,
      { all: singleton(total) },
    )
    .apply(writeToText(options.output));
}, options);
