/**
 * The `limit` first values in an order, as a binary heap in a plain array whose root is the last of them: the one to give
 * way. A value that does not belong costs one comparison.
 */
import type { Compare } from "./order.js";

/** Puts `value` into `heap` if it is among the `limit` first in the order of `compare`. */
export function offer<T>(heap: T[], value: T, limit: number, compare: Compare<T>): void {
  if (heap.length < limit) {
    siftUp(heap, value, compare);
  } else if (limit > 0 && compare(value, heap[0] as T) < 0) {
    siftDown(heap, value, compare);
  }
}

function siftUp<T>(heap: T[], value: T, compare: Compare<T>): void {
  let hole = heap.length;
  heap.push(value);
  while (hole > 0) {
    const parent = (hole - 1) >> 1;
    if (compare(heap[parent] as T, value) >= 0) break;
    heap[hole] = heap[parent] as T;
    hole = parent;
  }
  heap[hole] = value;
}

function siftDown<T>(heap: T[], value: T, compare: Compare<T>): void {
  let hole = 0;
  for (;;) {
    let child = 2 * hole + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && compare(heap[child + 1] as T, heap[child] as T) > 0) child += 1;
    if (compare(heap[child] as T, value) <= 0) break;
    heap[hole] = heap[child] as T;
    hole = child;
  }
  heap[hole] = value;
}
