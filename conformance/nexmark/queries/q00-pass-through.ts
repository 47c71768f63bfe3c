import { ByteReader, ByteWriter } from "girder/coders";
import { EVENT_CODER } from "../event-coder.js";
import type { Event } from "../model.js";
import type { NexmarkQuery } from "../query.js";

/** Bytes that events are written to, one after the other, before that begins anew. No event takes half of it. */
const ROOM = 1 << 16;
const out = new ByteWriter(ROOM);
/** Reads what is written: the writer keeps its memory as long as that suffices. */
const input = new ByteReader(new Uint8Array(out.view().buffer));

/** The event as it is after it was written and read. */
function passed(event: Event): Event {
  if (out.length > ROOM / 2) out.reset();
  input.position = out.length;
  EVENT_CODER.encode(event, out);
  return EVENT_CODER.decode(input);
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
