package provenance_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/artifact"
	"github.com/coreos-builder/coreos-builder/internal/provenance"
)

// What a caller does when the artefacts of a plan are in a directory.
func Example() {
	directory, err := os.MkdirTemp("", "results")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(directory)
	content := "COREOS_VERSION=522.6.0\n"
	if err := os.WriteFile(filepath.Join(directory, "version.txt"), []byte(content), 0o644); err != nil {
		panic(err)
	}
	files := []artifact.File{{Name: "version.txt", SHA256: hash(content)}} // as artifact.Get reports them

	var plan builder.Plan           // that was run
	var workspace builder.Workspace // as Engine.Look gives it, after the build
	build := provenance.Describe(plan, workspace)
	build.Version = "v1.2.3"
	build.Engine = "Docker 28.5.2"
	// Where the engine tells more: build.ImageID, build.Manifest, build.ManifestURL, and build.Materials for the SDK and repo.

	root, err := os.OpenRoot(directory)
	if err != nil {
		panic(err)
	}
	defer root.Close()
	options := provenance.Options{} // Signer: signature.LoadSigner(…), which is called before the build
	if err := provenance.Write(context.Background(), root, build, files, options); err != nil {
		panic(err)
	}
	found, err := provenance.Verify(context.Background(), root, nil, time.Now())
	if err != nil {
		panic(err)
	}
	for _, file := range found.Files {
		fmt.Println(file.Name, file.State, file.Kind)
	}
	// Output:
	// SHA256SUMS good checksums of the results
	// plan.json good build plan
	// provenance.json good provenance (SLSA, in-toto)
	// version.txt good version
}
