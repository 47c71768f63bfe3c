import { coGroupByKey, fixedWindows, P, windowInto } from "girder";
import { isAuction, isPerson } from "../model.js";
import type { NexmarkQuery } from "../query.js";
import { fixedStart } from "../windows.js";

interface NewSeller {
  readonly id: number;
  readonly name: string;
  readonly reserve: number;
}

/** People who come and sell in the same window. */
export const newUsers: NexmarkQuery<NewSeller> = {
  name: "q8",
  asks: "new people who sell",
  build(events, { windowSize }) {
    const windowed = events.apply(windowInto(fixedWindows(windowSize)));
    const people = windowed.filter(isPerson).map(({ id, name }) => ({ key: id, value: name }));
    const auctions = windowed.filter(isAuction).map(({ seller, reserve }) => ({ key: seller, value: reserve }));
    return P({ people, auctions })
      .apply(coGroupByKey())
      .flatMap(({ key: id, value }) => {
        const [name] = value.people;
        return name === undefined ? [] : Array.from(value.auctions, (reserve) => ({ id, name, reserve }));
      });
  },
  loop(events, { windowSize }, emit) {
    const windows = new Map<number, Map<number, { name: string | undefined; reserves: number[] }>>();
    const about = (dateTime: number, id: number) => {
      const start = fixedStart(dateTime, windowSize);
      const people = windows.get(start) ?? new Map<number, { name: string | undefined; reserves: number[] }>();
      windows.set(start, people);
      const entry = people.get(id) ?? { name: undefined, reserves: [] };
      people.set(id, entry);
      return entry;
    };
    for (const event of events) {
      if (event.kind === "person") about(event.dateTime, event.id).name = event.name;
      else if (event.kind === "auction") about(event.dateTime, event.seller).reserves.push(event.reserve);
    }
    for (const people of windows.values()) {
      for (const [id, { name, reserves }] of people) {
        if (name !== undefined) for (const reserve of reserves) emit({ id, name, reserve });
      }
    }
  },
  digest: ({ id, name, reserve }) => id + name.length + reserve,
};
