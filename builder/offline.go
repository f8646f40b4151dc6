package builder

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// checkOffline refuses to build without a network where something would have to be fetched, and names all of it. Where
// the workspace is not there yet, nothing is.
func (b *build) checkOffline(ctx context.Context, nothing bool) error {
	var missing []string
	for i, step := range b.plan.Steps {
		if !step.Network || !b.verdicts[i].Runs {
			continue
		}
		err := fmt.Errorf("step %s has to fetch things (%s)", step.Name, b.verdicts[i].Reason)
		if !nothing && len(step.Offline) > 0 {
			_, err = b.engine.Ask(ctx, b.plan, step.Offline)
			var engine *EngineError
			if errors.As(err, &engine) || ctx.Err() != nil {
				return err
			}
		}
		if err != nil {
			missing = append(missing, err.Error())
		}
	}
	if len(missing) > 0 {
		return &InputError{Option: "offline", Reason: "is not possible here: " + strings.Join(missing, "; ")}
	}
	return nil
}
