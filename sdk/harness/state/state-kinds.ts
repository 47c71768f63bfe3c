/** From a declared state to its cells, and to what the author's function holds. */
import { GirderError } from "../../../portability/errors.js";
import type { StateAddress } from "../../../portability/execution/user-state.js";
import type { StateDeclaration } from "../../state/state-param.js";
import { BagCell } from "./bag-cell.js";
import type { Cell } from "./cell.js";
import { CombiningCell } from "./combining-cell.js";
import type { CommittedState } from "./committed-state.js";
import { MapCell } from "./map-cell.js";
import { MapKeys } from "./map-keys.js";
import { MultimapCell } from "./multimap-cell.js";
import { OrderedListCell } from "./ordered-list-cell.js";
import { SetCell } from "./set-cell.js";
import { ValueCell } from "./value-cell.js";

/** A state of a transform: makes its cells. */
export type NewCell = (address: StateAddress, committed: CommittedState) => Cell;

export function cellsOf(declaration: StateDeclaration, transform: string): NewCell {
  const { coder } = declaration;
  switch (declaration.kind) {
    case "value":
      return (address) => new ValueCell(address, coder, transform);
    case "bag":
      return (address) => new BagCell(address, coder);
    case "set":
      return (address) => new SetCell(address, coder, transform);
    case "combining":
      return (address) => new CombiningCell(address, declaration.fn, coder, transform);
    case "map": {
      const keys = new MapKeys(declaration.key, transform);
      return (address, committed) => new MapCell(address, keys, coder, committed);
    }
    case "multimap": {
      const keys = new MapKeys(declaration.key, transform);
      return (address, committed) => new MultimapCell(address, keys, coder, committed);
    }
    case "ordered-list":
      return (address, committed) => new OrderedListCell(address, coder, transform, committed);
  }
}

/** What a function holds of a state, whichever key it is called for. @param cell The cell of the key in hand. */
export function facadeOf({ kind }: StateDeclaration, cell: () => Cell): object {
  switch (kind) {
    case "value": {
      const own = cell as () => ValueCell;
      return { read: () => own().read(), write: (value: unknown) => own().write(value), clear: () => own().clear() };
    }
    case "bag": {
      const own = cell as () => BagCell;
      return {
        add: (value: unknown) => own().add(value),
        read: () => own().read(),
        isEmpty: () => own().isEmpty(),
        clear: () => own().clear(),
      };
    }
    case "combining": {
      const own = cell as () => CombiningCell;
      return {
        add: (value: unknown) => own().add(value),
        read: () => own().read(),
        isEmpty: () => own().isEmpty(),
        clear: () => own().clear(),
      };
    }
    case "set": {
      const own = cell as () => SetCell;
      return {
        add: (value: unknown) => own().add(value),
        delete: (value: unknown) => own().delete(value),
        has: (value: unknown) => own().has(value),
        read: () => own().read(),
        isEmpty: () => own().isEmpty(),
        clear: () => own().clear(),
      };
    }
    case "map":
      return forwarding(cell, ["get", "has", "set", "delete", "keys", "entries", "isEmpty", "clear"]);
    case "multimap":
      return forwarding(cell, ["get", "has", "add", "delete", "keys", "entries", "isEmpty", "clear"]);
    case "ordered-list":
      return forwarding(cell, ["add", "read", "clearRange", "isEmpty", "clear"]);
  }
}

function forwarding(cell: () => Cell, methods: readonly string[]): object {
  const forward = (method: string) => {
    return (...args: unknown[]): unknown => {
      const own = cell() as unknown as Record<string, (...args: unknown[]) => unknown>;
      return own[method]!(...args);
    };
  };
  return Object.fromEntries(methods.map((method) => [method, forward(method)]));
}

/** What is said where state or timers are used when there is no key. */
export function noKeyInHand(transform: string): GirderError {
  return new GirderError("user-exception", "State or a timer was used where no key is in hand.", {
    where: transform,
    remedy: "Use them while process, onTimer or onWindowExpiration runs, and not in startBundle or finishBundle.",
  });
}
