// Counts the words of a text, with a transform of TypeScript to find them.
//
// go run . --endpoint=localhost:8073 --expansion=localhost:8097 --input=TEXT --output=FILE
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/typex"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/local"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/textio"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/universal"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/transforms/stats"
)

var (
	input     = flag.String("input", "", "the text")
	output    = flag.String("output", "", "the file to write")
	expansion = flag.String("expansion", "", "host:port of the expansion service")
)

// Configuration of the transform. Names of fields begin with a small letter there.
type wordsConfig struct {
	Minimum int64 `beam:"minimum"`
}

func init() {
	beam.RegisterType(reflect.TypeOf(wordsConfig{}))
	register.Function2x1(format)
}

func format(word string, count int) string {
	return fmt.Sprintf("%s: %d", word, count)
}

func main() {
	flag.Parse()
	beam.Init()
	p, s := beam.NewPipelineWithRoot()
	lines := textio.Read(s, *input)
	payload := beam.CrossLanguagePayload(wordsConfig{Minimum: 1})
	text := typex.New(reflect.TypeOf(""))
	words := beam.CrossLanguage(
		s, "example:words:v1", payload, *expansion, beam.UnnamedInput(lines), beam.UnnamedOutput(text))
	counts := stats.Count(s, words[beam.UnnamedOutputTag()])
	textio.Write(s, *output, beam.ParDo(s, format, counts))
	if _, err := beam.Run(context.Background(), "universal", p); err != nil {
		log.Fatal(err)
	}
}
