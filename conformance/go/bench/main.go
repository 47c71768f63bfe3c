// The Go pipelines of `npm run bench -- portable`: runs one, and prints how long that took.
//
// Every pipeline checks its own result, so that a runner which loses elements fails instead of being fast.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"os"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/universal"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/transforms/stats"
)

// Into how many parts the numbers are shared out before they are made.
const parts = 20

// Keys of both jobs.
const keys = 10_000

var (
	job      = flag.String("job", "", "group-by-key or combine-per-key")
	elements = flag.Int("elements", 1_000_000, "how many elements")
)

func init() {
	register.Function2x0(makeParts)
	register.DoFn2x0[int, func(int, int)](&makeKeyed{})
	register.Function2x1(sizeOf)
	register.Function2x1(valueOf)
	register.DoFn1x1[int, error](&check{})
	register.Emitter1[int]()
	register.Emitter2[int, int]()
	register.Iter1[int]()
}

func makeParts(_ []byte, emit func(int)) {
	for i := range parts {
		emit(i)
	}
}

// Makes a part of the numbers below Elements, each with its key.
type makeKeyed struct {
	Elements int
}

func (fn *makeKeyed) ProcessElement(part int, emit func(int, int)) {
	size := fn.Elements / parts
	for i := part * size; i < (part+1)*size; i++ {
		emit(i%keys, i)
	}
}

func sizeOf(_ int, values func(*int) bool) int {
	size, value := 0, 0
	for values(&value) {
		size++
	}
	return size
}

func valueOf(_, value int) int {
	return value
}

// Fails unless it is given Expected.
type check struct {
	Expected int
}

func (fn *check) ProcessElement(total int) error {
	if total != fn.Expected {
		return fmt.Errorf("%d is not %d", total, fn.Expected)
	}
	return nil
}

func build(scope beam.Scope) error {
	numbers := beam.Reshuffle(scope, beam.ParDo(scope, makeParts, beam.Impulse(scope)))
	keyed := beam.ParDo(scope, &makeKeyed{Elements: *elements}, numbers)
	var values beam.PCollection
	var expected int
	switch *job {
	case "group-by-key":
		values = beam.ParDo(scope, sizeOf, beam.GroupByKey(scope, keyed))
		expected = *elements
	case "combine-per-key":
		values = beam.ParDo(scope, valueOf, stats.SumPerKey(scope, keyed))
		expected = *elements * (*elements - 1) / 2
	default:
		return fmt.Errorf("there is no job %q", *job)
	}
	beam.ParDo0(scope, &check{Expected: expected}, stats.Sum(scope, values))
	return nil
}

func main() {
	flag.Parse()
	beam.Init()
	slog.SetLogLoggerLevel(slog.LevelError)
	pipeline, scope := beam.NewPipelineWithRoot()
	if err := build(scope); err != nil {
		log.Fatal(err)
	}
	begun := time.Now()
	if _, err := beam.Run(context.Background(), "universal", pipeline); err != nil {
		log.Fatal(err)
	}
	json.NewEncoder(os.Stdout).Encode(map[string]float64{"seconds": time.Since(begun).Seconds()})
}
