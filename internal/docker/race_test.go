package docker_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/docker"
	"github.com/coreos-builder/coreos-builder/internal/docker/dockertest"
)

// Two clients that build the same at the same moment: one of them runs each step, and the other follows it, or finds it
// done.
func TestTwoClientsRunEachStepOnce(t *testing.T) {
	const rounds = 15
	plan := dockertest.DemoPlan(t)
	plan.Workspace, plan.Notes = dockertest.Workspaces+"race", nil
	var clients [2]*docker.Engine
	for i := range clients {
		clients[i] = dockertest.Connect(t)
	}
	t.Cleanup(func() {
		if err := clients[0].Remove(context.Background(), plan.Workspace); err != nil {
			t.Error(err)
		}
	})
	for round := range rounds {
		plan.Steps = racing(plan, round)
		var mutex sync.Mutex
		runs := map[string]int{}
		var clientsDone sync.WaitGroup
		for _, engine := range clients {
			clientsDone.Go(func() {
				err := builder.Build(t.Context(), engine, plan, builder.Options{Room: engine.Room, Events: func(e builder.Event) {
					mutex.Lock()
					defer mutex.Unlock()
					if e.Kind == builder.Finished && e.Result.ExitCode == 0 && !e.Result.Followed {
						runs[e.Step]++
					}
				}})
				if err != nil {
					t.Errorf("round %d: %v", round, err)
				}
			})
		}
		clientsDone.Wait()
		for _, step := range plan.Steps {
			if runs[step.Name] != 1 {
				t.Errorf("round %d: step %s was run %d times", round, step.Name, runs[step.Name])
			}
		}
	}
}

// racing are short steps that have not been run before: one after the other and, in some rounds, then two side by side.
func racing(plan builder.Plan, round int) []builder.Step {
	var steps []builder.Step
	names := []string{"first", "second", "third.a", "third.b"}
	if round%5 > 0 {
		names = names[:2]
	}
	for i, name := range names {
		phase, _, parallel := strings.Cut(name, ".")
		step := builder.Step{Name: name, Phase: phase, Parallel: parallel, Definition: builder.Definition{
			Image: plan.Image.Tag, Commands: [][]string{{"echo", fmt.Sprint(round)}}}}
		if i > 0 {
			step.Needs = []string{steps[min(i-1, 1)].Name}
		}
		step.Digest = fmt.Sprintf("sha256:%x", sha256.Sum256(step.Encode()))
		steps = append(steps, step)
	}
	return steps
}
