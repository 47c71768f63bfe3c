import { ByteReader, ByteWriter } from "girder/coders";
import { EVENT_CODER } from "../event-coder.js";
import type { Event } from "../model.js";
import type { NexmarkQuery } from "../query.js";

const written = new ByteWriter(4096);

/** The event as it is after it was written and read. */
function passed(event: Event): Event {
  written.reset();
  EVENT_CODER.encode(event, written);
  return EVENT_CODER.decode(new ByteReader(written.view()));
}

/** Events as they are, but written and read: what coders cost. */
export const passThrough: NexmarkQuery<Event> = {
  name: "q0",
  asks: "all events, encoded and decoded",
  build: (events) => events.map("Pass", passed),
  loop(events, _, emit) {
    for (const event of events) emit(passed(event));
  },
  digest: ({ dateTime, extra }) => (dateTime % 1000) + extra.length,
};
