package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/coreos-builder/coreos-builder/internal/docker"
	"github.com/coreos-builder/coreos-builder/internal/docker/dockertest"
)

func TestMain(m *testing.M) {
	testscript.Main(dockertest.Guard(m), map[string]func(){"coreos-builder": main, "vouch": vouch})
}

// scripts are the tests of a folder of testdata/script.
func scripts(folder string, setup func(*testscript.Env) error) testscript.Params {
	return testscript.Params{
		Dir: filepath.Join("..", "..", "testdata", "script", folder),
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", "atexit_sleep_ms=0") // without it the race detector lets every command last a second longer
			return setup(env)
		},
		Cmds:                commands,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	}
}

// TestWithoutEngine runs what must work, or be refused, where no engine can be reached.
func TestWithoutEngine(t *testing.T) {
	testscript.Run(t, scripts("offline", func(env *testscript.Env) error {
		env.Setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
		return nil
	}))
}

// TestWithEngine runs whole builds on the engine that is there. One workspace is kept meanwhile, and with it what all of
// them share; the last script sees that this goes with the last workspace.
func TestWithEngine(t *testing.T) {
	engine := dockertest.Connect(t)
	t.Run("kept", func(t *testing.T) {
		dockertest.PrepareDemo(t, engine, "kept")
		testscript.RunT(serial{t}, scripts("engine", inherit(engine)))
	})
	testscript.RunT(serial{t}, scripts("last", inherit(engine)))
}

// TestWithSecondEngine builds, and breaks builds, on an engine that knows nothing of this machine and has a small disk: Docker
// in Docker, by TCP and TLS. What was built there is built here again, by the lock file.
func TestWithSecondEngine(t *testing.T) {
	outer := dockertest.Connect(t)
	second := dockertest.StartSecond(t, outer, "4G")
	first := os.Environ()
	second.Use(t)
	t.Run("chaos", func(t *testing.T) {
		sums, lockFile := makeChaos(t, second)
		buildByLock(t, first, lockFile, sums)
	})
}

// buildByLock builds by a lock file on another engine, and sees that the results are the same, bit by bit.
func buildByLock(t *testing.T, environment []string, lockFile, sums string) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	program, workspace := filepath.Join(filepath.Dir(lockFile), "coreos-builder"), dockertest.Workspaces+"locked"
	for _, argv := range [][]string{
		{"build", "--locked", "--lock", lockFile, "--workspace", workspace, "--output", out, "--progress", "plain"},
		{"clean", workspace, "--yes"},
	} {
		command := exec.Command(program, argv...)
		command.Env = environment
		if text, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, tailOf(string(text)))
		}
	}
	got, err := os.ReadFile(filepath.Join(out, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sums, string(got)); diff != "" {
		t.Errorf("on one engine (-) and on the other (+):\n%s", diff)
	}
}

// inherit lets scripts find the engine that their test has found, and boot images on the outer one.
func inherit(outer *docker.Engine) func(*testscript.Env) error {
	return func(env *testscript.Env) error {
		for _, name := range []string{"DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_CONTEXT", "DOCKER_CONFIG"} {
			if value, ok := os.LookupEnv(name); ok {
				env.Setenv(name, value)
			}
		}
		if home, err := os.UserHomeDir(); err == nil && os.Getenv("DOCKER_CONFIG") == "" {
			env.Setenv("DOCKER_CONFIG", filepath.Join(home, ".docker"))
		}
		return useWorkspace(env, outer)
	}
}

// serial runs scripts one after the other: they build, and look at what is left of it.
type serial struct{ *testing.T }

func (serial) Parallel()       {}
func (s serial) Verbose() bool { return testing.Verbose() }
func (s serial) Run(name string, f func(testscript.T)) {
	s.T.Run(name, func(t *testing.T) { f(serial{t}) })
}
