/** The pipeline of the specs of Dataflow. */
import { counter, create, type Root } from "girder";

export function build(root: Root): void {
  const seen = counter("seen");
  root.apply(create(["a", "bc"])).map(
    "Lengths",
    (word, { seen: counted }) => {
      counted.inc();
      return word.length;
    },
    { seen },
  );
}
