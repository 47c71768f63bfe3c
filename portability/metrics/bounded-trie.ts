/**
 * A bounded set of paths, such as `["gs", "bucket", "folder", "file"]`: past the bound the deepest crowded branch is cut
 * and stands for everything below it, so that a job which reads ten thousand files of a folder reports the folder.
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { GirderError, messageOf } from "../errors.js";
import {
  BoundedTrieSchema,
  type BoundedTrieNode as NodeMessage,
  BoundedTrieNodeSchema as NodeSchema,
} from "../gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";
import type { MetricCell } from "./metric-cell.js";
import { malformed } from "./payload.js";

/** Number of paths a trie holds unless told otherwise, as in Beam's other SDKs. */
export const DEFAULT_TRIE_BOUND = 100;

/** A path, and whether it was cut: there were more segments, which are not known any more. */
export interface TriePath {
  readonly segments: readonly string[];
  readonly truncated: boolean;
}

/** A node is a leaf (no children), a branch, or a cut branch. `size` is the number of paths at or below it. */
interface Node {
  size: number;
  truncated: boolean;
  readonly children: Map<string, Node>;
}

/** The paths recorded, at most `bound` of them (`beam:metrics:bounded_trie:v1`). A path that begins another one is part of it. */
export class BoundedTrieCell implements MetricCell<readonly string[], readonly TriePath[]> {
  readonly kind = "bounded-trie";
  #bound: number;
  #root: Node | undefined;

  /** @throws GirderError `invalid-argument` for a bound below 1. */
  constructor(bound: number = DEFAULT_TRIE_BOUND) {
    if (!Number.isInteger(bound) || bound < 1) {
      throw new GirderError("invalid-argument", `A trie cannot be bounded by ${bound} paths.`, {
        remedy: "Give a whole number of at least 1.",
      });
    }
    this.#bound = bound;
  }

  get isEmpty(): boolean {
    return this.#root === undefined;
  }

  /** Records the path of these segments. One without segments is not a path and is left out. */
  update(segments: readonly string[]): void {
    if (segments.length === 0) return;
    this.#root ??= leaf();
    insert(this.#root, segments, 0);
    this.#trim();
  }

  /** The lower of the two bounds holds from now on. */
  merge(other: this): void {
    this.#bound = Math.min(this.#bound, other.#bound);
    if (other.#root !== undefined) {
      this.#root ??= leaf();
      mergeInto(this.#root, other.#root);
    }
    this.#trim();
  }

  /** The paths in the order of their segments. */
  result(): readonly TriePath[] {
    const paths: TriePath[] = [];
    if (this.#root !== undefined) collect(this.#root, [], paths);
    return paths;
  }

  /** A `BoundedTrie` message: nothing but the bound, one path as `singleton`, or several under `root`. */
  encode(): Uint8Array {
    const [first, ...others] = this.result();
    const only = first !== undefined && others.length === 0 && !first.truncated ? first : undefined;
    const root = this.#root;
    return toBinary(
      BoundedTrieSchema,
      create(BoundedTrieSchema, {
        bound: this.#bound,
        ...(only !== undefined
          ? { singleton: [...only.segments] }
          : root !== undefined
            ? { root: toMessage(root) }
            : {}),
      }),
    );
  }

  snapshot(): this {
    const copy = new BoundedTrieCell(this.#bound) as this;
    copy.merge(this);
    return copy;
  }

  #trim(): void {
    const root = this.#root;
    while (root !== undefined && root.size > this.#bound) cutDeepest(root);
  }

  /**
   * A bound of 0, which senders leave out, is {@link DEFAULT_TRIE_BOUND}.
   *
   * @throws GirderError `malformed-data`
   */
  static decode(payload: Uint8Array): BoundedTrieCell {
    try {
      const { bound, root, singleton } = fromBinary(BoundedTrieSchema, payload);
      const cell = new BoundedTrieCell(bound === 0 ? DEFAULT_TRIE_BOUND : bound);
      cell.update(singleton);
      if (root !== undefined) {
        cell.#root ??= leaf();
        mergeInto(cell.#root, fromMessage(root));
        cell.#trim();
      }
      return cell;
    } catch (cause) {
      throw malformed("bounded trie", messageOf(cause), cause);
    }
  }
}

function leaf(): Node {
  return { size: 1, truncated: false, children: new Map() };
}

/** Recomputes the size of a node whose children have theirs. */
function resize(node: Node): void {
  let size = 0;
  for (const child of node.children.values()) size += child.size;
  node.size = Math.max(1, size);
}

function insert(node: Node, segments: readonly string[], at: number): void {
  const segment = segments[at];
  if (segment === undefined || node.truncated) return;
  let child = node.children.get(segment);
  if (child === undefined) {
    child = leaf();
    node.children.set(segment, child);
  }
  insert(child, segments, at + 1);
  resize(node);
}

function mergeInto(node: Node, other: Node): void {
  if (node.truncated) return;
  if (other.truncated) {
    cut(node);
    return;
  }
  for (const [segment, otherChild] of other.children) {
    let child = node.children.get(segment);
    if (child === undefined) {
      child = leaf();
      node.children.set(segment, child);
    }
    mergeInto(child, otherChild);
  }
  resize(node);
}

/** Follows the largest children down and cuts the last branch, all of whose children are single paths. */
function cutDeepest(node: Node): void {
  let largest: Node | undefined;
  for (const child of node.children.values()) {
    if (largest === undefined || child.size > largest.size) largest = child;
  }
  if (largest === undefined || largest.size === 1) {
    cut(node);
  } else {
    cutDeepest(largest);
    resize(node);
  }
}

function cut(node: Node): void {
  node.truncated = true;
  node.children.clear();
  node.size = 1;
}

function collect(node: Node, segments: readonly string[], into: TriePath[]): void {
  if (node.children.size === 0) into.push({ segments, truncated: node.truncated });
  for (const segment of [...node.children.keys()].sort()) {
    collect(node.children.get(segment) as Node, [...segments, segment], into);
  }
}

function toMessage(node: Node): NodeMessage {
  const children = Object.fromEntries(Array.from(node.children, ([segment, child]) => [segment, toMessage(child)]));
  return create(NodeSchema, { truncated: node.truncated, children });
}

function fromMessage(message: NodeMessage): Node {
  const node = leaf();
  if (message.truncated) {
    node.truncated = true;
    return node;
  }
  for (const [segment, child] of Object.entries(message.children)) node.children.set(segment, fromMessage(child));
  resize(node);
  return node;
}
