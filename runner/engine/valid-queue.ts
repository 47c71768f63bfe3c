/** A priority queue of items that may cease to be valid without a word. */
import TinyQueue from "tinyqueue";

/**
 * Items in an order, each put in once. Those that are valid no more are passed over when their turn comes, and taken out
 * together when they may be more than the others: a timer that is set again and again, or windows that merge with nearly
 * every element, would leave ever more behind.
 */
export class ValidQueue<T> {
  #queue: TinyQueue<T>;
  /** Items with which the queue is looked through for those that are not valid. */
  #limit = SLACK;

  constructor(
    readonly isValid: (item: T) => boolean,
    readonly compare: (a: T, b: T) => number,
  ) {
    this.#queue = new TinyQueue<T>([], compare);
  }

  push(item: T): void {
    this.#queue.push(item);
    if (this.#queue.length <= this.#limit) return;
    const kept = this.#queue.data.filter(this.isValid);
    this.#queue = new TinyQueue(kept, this.compare);
    this.#limit = 2 * kept.length + SLACK;
  }

  /** The first of the valid items. */
  peek(): T | undefined {
    for (;;) {
      const first = this.#queue.peek();
      if (first === undefined || this.isValid(first)) return first;
      this.#queue.pop();
    }
  }

  pop(): T | undefined {
    return this.peek() === undefined ? undefined : this.#queue.pop();
  }

  /** Takes the items off that come first, as long as they are `due`. */
  takeWhile(due: (item: T) => boolean): T[] {
    const taken: T[] = [];
    for (let first = this.peek(); first !== undefined && due(first); first = this.peek()) {
      this.#queue.pop();
      taken.push(first);
    }
    return taken;
  }

  /** The items that {@link takeWhile} would take, in no order. They stay. */
  dueNow(due: (item: T) => boolean): T[] {
    const items: T[] = [];
    const { data } = this.#queue;
    // Of a heap, what is below an item comes after it.
    const visit = (i: number): void => {
      const item = data[i];
      if (item === undefined || !due(item)) return;
      if (this.isValid(item)) items.push(item);
      visit(2 * i + 1);
      visit(2 * i + 2);
    };
    visit(0);
    return items;
  }
}

/** Items that a queue may hold, however few of them are valid. */
const SLACK = 64;
