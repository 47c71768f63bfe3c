// Counts the words of a text, as all programs of the clients suite do.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"regexp"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/local"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/textio"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/universal"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/transforms/stats"
)

var (
	input  = flag.String("input", "", "the text")
	output = flag.String("output", "", "the file to write")
	word   = regexp.MustCompile(`[A-Za-z']+`)
)

func init() {
	register.Function2x0(words)
	register.Function2x1(format)
	register.Emitter1[string]()
}

func words(line string, emit func(string)) {
	for _, found := range word.FindAllString(line, -1) {
		emit(found)
	}
}

func format(word string, count int) string {
	return fmt.Sprintf("%s: %d", word, count)
}

func main() {
	flag.Parse()
	beam.Init()
	p, s := beam.NewPipelineWithRoot()
	lines := textio.Read(s, *input)
	counts := stats.Count(s, beam.ParDo(s, words, lines))
	textio.Write(s, *output, beam.ParDo(s, format, counts))
	if _, err := beam.Run(context.Background(), "universal", p); err != nil {
		log.Fatal(err)
	}
}
