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
    switch (input.readByte()) {
      case 2:
        return {
          kind: "bid",
          auction: number(input),
          bidder: number(input),
          price: number(input),
          dateTime: number(input),
          extra: text(input),
        };
      case 1:
        return {
          kind: "auction",
          id: number(input),
          itemName: text(input),
          description: text(input),
          initialBid: number(input),
          reserve: number(input),
          dateTime: number(input),
          expires: number(input),
          seller: number(input),
          category: number(input),
          extra: text(input),
        };
      case 0:
        return {
          kind: "person",
          id: number(input),
          name: text(input),
          emailAddress: text(input),
          creditCard: text(input),
          city: text(input),
          state: text(input),
          dateTime: number(input),
          extra: text(input),
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

function number(input: ByteReader): number {
  return input.readVarint() as number;
}

function text(input: ByteReader): string {
  return input.readUtf8(input.readLength());
}
