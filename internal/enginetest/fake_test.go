package enginetest_test

import (
	"testing"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/enginetest"
)

func TestFakeConforms(t *testing.T) {
	enginetest.Conform(t, enginetest.New(), builder.ImageSource{Name: "fake", Tag: "coreos-builder/fake:1"}, "/workspace")
}
