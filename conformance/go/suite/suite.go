// Package suite holds the Go SDK's integration tests in the module graph, so that their dependencies are pinned in go.sum.
package suite

import _ "github.com/apache/beam/sdks/v2/go/test/integration/primitives"
