package main

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// killedOften is: killed-often REFERENCE DIRECTORY COMMAND...: a command that fetches to a directory is killed at twenty
// moments, wherever that is. After each, what bears its name is as it is in another directory.
func killedOften(ts *testscript.TestScript, _ bool, args []string) {
	reference, directory := ts.MkAbs(args[0]), ts.MkAbs(args[1])
	random := rand.New(rand.NewPCG(2014, 12))
	partial := 0
	for range 20 {
		// Always from where the last one was killed, but for every fifth.
		if random.IntN(5) == 0 {
			ts.Check(os.RemoveAll(directory))
		}
		command := exec.Command(programIn(ts, args[2]), args[3:]...)
		command.Dir = ts.Getenv("WORK")
		command.Env = scriptEnvironment(ts)
		ts.Check(command.Start())
		moment := time.AfterFunc(time.Duration(random.Int64N(int64(1500*time.Millisecond))), func() { _ = command.Process.Kill() })
		_ = command.Wait()
		moment.Stop()
		partial += checkFetched(ts, reference, directory)
	}
	ts.Logf("%d times a file was there in part", partial)
}

// checkFetched holds what is in a directory against another, and tells how many files are there in part.
func checkFetched(ts *testscript.TestScript, reference, directory string) (partial int) {
	entries, err := os.ReadDir(directory)
	if errors.Is(err, fs.ErrNotExist) {
		return 0
	}
	ts.Check(err)
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasSuffix(name, ".part") {
			partial++
			continue
		}
		if !strings.HasPrefix(name, "coreos_") {
			continue
		}
		if err := exec.Command("cmp", filepath.Join(reference, name), filepath.Join(directory, name)).Run(); err != nil {
			ts.Fatalf("%s bears its name, and is not what it should be: %v", name, err)
		}
	}
	return partial
}

// scriptEnvironment is that of a script's commands.
func scriptEnvironment(ts *testscript.TestScript) []string {
	var all []string
	for _, name := range []string{"PATH", "HOME", "WORK", "TMPDIR", "DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_CONTEXT", "DOCKER_CONFIG",
		"COREOS_BUILDER_RECIPE", "COREOS_BUILDER_WORKSPACE"} {
		if value := ts.Getenv(name); value != "" {
			all = append(all, name+"="+value)
		}
	}
	return all
}

// programIn is where a script finds a program.
func programIn(ts *testscript.TestScript, name string) string {
	for _, directory := range filepath.SplitList(ts.Getenv("PATH")) {
		path := filepath.Join(directory, name)
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	ts.Fatalf("there is no program %s", name)
	return ""
}
