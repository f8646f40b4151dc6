package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/docker"
	"github.com/coreos-builder/coreos-builder/internal/progress"
)

type statusCommand struct {
	configFlags `embed:""`
	JSON        bool `name:"json" env:"-" help:"As JSON."`
}

func (c *statusCommand) Help() string {
	return `Lists the workspaces of the engine or, of the one that is named by --workspace, --recipe or a configuration file, the
steps: where each stands, when it last ran and how, and whether a build like the last one would run it, and why. Other
flags say what else a build is to be like.`
}

func (c *statusCommand) Run(ctx context.Context, flags *engineFlags) error {
	settings, _, err := c.written()
	if err != nil {
		return err
	}
	engine, err := flags.connect(ctx)
	if err != nil {
		return err
	}
	defer engine.Close()
	if !settings.namesWorkspace() {
		return listWorkspaces(ctx, engine, c.JSON)
	}
	return c.showSteps(ctx, engine)
}

// workspaceRow is a line of the list of workspaces.
type workspaceRow struct {
	Workspace string    `json:"workspace"`
	Recipe    string    `json:"recipe"`
	Created   time.Time `json:"created"`
	Steps     int       `json:"steps_done"`
	Now       string    `json:"now"`
}

func listWorkspaces(ctx context.Context, engine *docker.Engine, asJSON bool) error {
	all, err := engine.Workspaces(ctx)
	if err != nil {
		return err
	}
	rows := []workspaceRow{}
	for _, w := range all {
		if w, err = engine.Look(ctx, w.Name); err != nil {
			return err
		}
		rows = append(rows, workspaceRow{w.Name, w.Recipe, w.Created, len(w.Stamps), now(w)})
	}
	slices.SortFunc(rows, func(a, b workspaceRow) int { return strings.Compare(a.Workspace, b.Workspace) })
	if asJSON {
		return printJSON(rows)
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "WORKSPACE\tRECIPE\tCREATED\tSTEPS DONE\tNOW")
	for _, row := range rows {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\n", row.Workspace, row.Recipe, row.Created.Local().Format(time.DateTime), row.Steps, row.Now)
	}
	return table.Flush()
}

// now says what happens in a workspace.
func now(w builder.Workspace) string {
	failed := ""
	for _, name := range sortedKeys(w.Runs) {
		run := w.Runs[name]
		if run.State == builder.RunRunning {
			return fmt.Sprintf("%s runs for %s, by %s", run.Step, progress.Duration(time.Since(run.Started)), run.Client)
		}
		if _, done := w.Stamps[name]; !done && run.ExitCode != 0 {
			failed = fmt.Sprintf("%s failed with exit code %d", run.Step, run.ExitCode)
		}
	}
	return failed
}

// stepRow is a line of the list of steps.
type stepRow struct {
	Step     string        `json:"step"`
	State    builder.State `json:"state"`
	Started  *time.Time    `json:"started,omitempty"`
	Took     string        `json:"took,omitempty"`
	ExitCode *int          `json:"exit_code,omitempty"`
	Reason   string        `json:"reason,omitempty"`
}

func (c *statusCommand) showSteps(ctx context.Context, engine *docker.Engine) error {
	q, _, err := c.recall(ctx, engine)
	if err != nil {
		return err
	}
	verdicts, err := builder.Preview(ctx, engine, q.plan, builder.Known{Secrets: q.secrets, Offline: q.offline})
	if err != nil {
		return err
	}
	var rows []stepRow
	for _, v := range verdicts {
		rows = append(rows, newStepRow(v))
	}
	if c.JSON {
		return printJSON(rows)
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "STEP\tSTATE\tSTARTED\tTOOK\tEXIT CODE\tA BUILD WOULD RUN IT BECAUSE")
	for _, row := range rows {
		fmt.Fprintln(table, row.columns())
	}
	return table.Flush()
}

func newStepRow(v builder.Verdict) stepRow {
	row := stepRow{Step: v.Step, State: v.State, Reason: v.Reason}
	if v.Stamp != nil {
		started, zero := v.Stamp.Started, 0
		row.Started, row.Took, row.ExitCode = &started, progress.Duration(v.Stamp.Finished.Sub(started)), &zero
	}
	if run := v.Run; run != nil && !run.Started.IsZero() && (v.Stamp == nil || run.Started.After(v.Stamp.Finished)) {
		end := run.Finished
		if end.IsZero() {
			end = time.Now()
		}
		row.Started, row.Took, row.ExitCode = &run.Started, progress.Duration(end.Sub(run.Started)), &run.ExitCode
		if run.State == builder.RunRunning {
			row.ExitCode = nil
		}
	}
	return row
}

func (r stepRow) columns() string {
	started, code := "", ""
	if r.Started != nil {
		started = r.Started.Local().Format(time.DateTime)
	}
	if r.ExitCode != nil {
		code = fmt.Sprint(*r.ExitCode)
	}
	return strings.Join([]string{r.Step, string(r.State), started, r.Took, code, r.Reason}, "\t")
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
