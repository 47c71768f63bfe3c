/** How query 0 writes events: a byte for the kind, then the fields. */
import {
  type ByteReader,
  type ByteWriter,
  type Coder,
  type CoderSpec,
  encodedIdentity,
  malformed,
} from "girder/coders";
import type { Event } from "./model.js";

const KINDS = ["person", "auction", "bid"] as const;

export class EventCoder implements Coder<Event> {
  readonly spec: CoderSpec = { urn: "girder:nexmark:event:v1", components: [] };
  readonly nondeterminism = undefined;

  encode(event: Event, out: ByteWriter): void {
    switch (event.kind) {
      case "bid":
        out.writeByte(2);
        out.writeVarint(event.auction);
        out.writeVarint(event.bidder);
        out.writeVarint(event.price);
        out.writeVarint(event.dateTime);
        break;
      case "auction":
        out.writeByte(1);
        out.writeVarint(event.id);
        out.writeUtf8Prefixed(event.itemName);
        out.writeUtf8Prefixed(event.description);
        out.writeVarint(event.initialBid);
        out.writeVarint(event.reserve);
        out.writeVarint(event.dateTime);
        out.writeVarint(event.expires);
        out.writeVarint(event.seller);
        out.writeVarint(event.category);
        break;
      case "person":
        out.writeByte(0);
        out.writeVarint(event.id);
        out.writeUtf8Prefixed(event.name);
        out.writeUtf8Prefixed(event.emailAddress);
        out.writeUtf8Prefixed(event.creditCard);
        out.writeUtf8Prefixed(event.city);
        out.writeUtf8Prefixed(event.state);
        out.writeVarint(event.dateTime);
        break;
    }
    out.writeUtf8Prefixed(event.extra);
  }

  decode(input: ByteReader): Event {
    const at = input.position;
    const kind = KINDS[input.readByte()];
    const number = (): number => Number(input.readVarint());
    const text = (): string => input.readUtf8(input.readLength());
    switch (kind) {
      case "bid":
        return {
          kind,
          auction: Number(input.readVarint()),
          bidder: Number(input.readVarint()),
          price: Number(input.readVarint()),
          dateTime: Number(input.readVarint()),
          extra: input.readUtf8(input.readLength()),
        };
      case "auction":
        return {
          kind,
          id: number(),
          itemName: text(),
          description: text(),
          initialBid: number(),
          reserve: number(),
          dateTime: number(),
          expires: number(),
          seller: number(),
          category: number(),
          extra: text(),
        };
      case "person":
        return {
          kind,
          id: number(),
          name: text(),
          emailAddress: text(),
          creditCard: text(),
          city: text(),
          state: text(),
          dateTime: number(),
          extra: text(),
        };
      default:
        throw malformed("An event of an unknown kind", at);
    }
  }

  keyIdentity(event: Event) {
    return encodedIdentity(this, event);
  }
}

export const EVENT_CODER = new EventCoder();
