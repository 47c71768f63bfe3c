import assert from "node:assert/strict";
import { JavaRandom } from "./java-random.js";

describe("random numbers as Java has them", () => {
  // What a Java program printed that asked java.util.Random for nextInt(), nextInt(100), (64), (1500000000), nextDouble(), (10000).
  const printed: readonly (readonly number[])[] = [
    [0, -1155484576, 48, 15, 1302116447, 0.6374174253501083, 4491],
    [42, -1170105035, 63, 43, 102948884, 0.30871945533265976, 1505],
    [1234567, 1042961893, 36, 48, 961274498, 0.43504748185373043, 6465],
    [281474976710655, 1155099827, 25, 0, 1176895439, 0.6620844841121951, 4477],
  ];
  for (const [seed, ...expected] of printed as readonly [number, ...number[]][]) {
    it(`are those of the seed ${seed}`, () => {
      const random = new JavaRandom();
      for (let time = 0; time < 2; time++) {
        random.seed(seed);
        const drawn = [
          random.nextInt(),
          random.nextBelow(100),
          random.nextBelow(64),
          random.nextBelow(1_500_000_000),
          random.nextDouble(),
          random.nextBelow(10_000),
        ];
        assert.deepEqual(drawn, expected);
      }
    });
  }
});
