package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/docker"
)

type planCommand struct {
	configFlags `embed:""`
	selectFlags `embed:""`
	lockFlags   `embed:""`
	JSON        bool   `name:"json" env:"-" xor:"form" help:"As JSON. The engine is not asked."`
	Sh          bool   `name:"sh" env:"-" xor:"form" help:"As a shell script of docker commands that does the same by hand. The engine is not asked."`
	Output      string `short:"o" placeholder:"DIR" help:"The directory that the script fetches the results to."`
}

func (c *planCommand) Run(ctx context.Context, flags *engineFlags) error {
	q, l, err := c.lockFlags.request(&c.configFlags)
	if err == nil {
		err = q.plan.CheckSelection(c.selection())
	}
	if err != nil {
		return err
	}
	if (c.JSON || c.Sh) && c.selection() != (builder.Selection{}) {
		return &usageError{errors.New("--json and --sh show the whole plan: they do not go together with --from, --until, --only and --force")}
	}
	if c.Output != "" && !c.Sh {
		return &usageError{errors.New("--output goes together with --sh")}
	}
	switch {
	case c.JSON:
		return printJSON(q.plan)
	case c.Sh:
		script, err := docker.Script(q.plan, builder.Order{Open: q.files.Open}, c.Output)
		if err != nil {
			return err
		}
		_, err = os.Stdout.WriteString(script)
		return err
	}
	verdicts, known, err := c.judge(ctx, flags, &q, l)
	if err != nil {
		return err
	}
	printPlan(q.plan, verdicts, known)
	return nil
}

// judge says what a build would do. Where no engine can be reached it cannot know, and says just that.
func (c *planCommand) judge(ctx context.Context, flags *engineFlags, q *request, l locked) ([]builder.Verdict, bool, error) {
	known := builder.Known{Selection: c.selection(), Secrets: q.secrets, Offline: q.offline}
	engine, err := flags.connect(ctx)
	var unreachable *builder.EngineError
	if errors.As(err, &unreachable) {
		fmt.Fprintf(os.Stderr, "coreos-builder: %v: what is up to date is not known\n", err)
		verdicts, err := builder.Judge(q.plan, builder.Workspace{}, known)
		return verdicts, false, err
	}
	if err != nil {
		return nil, false, err
	}
	defer engine.Close()
	if err := q.checkRecipe(ctx, engine); err != nil {
		return nil, false, err
	}
	if err := l.settle(ctx, engine, q, c.selection()); err != nil {
		return nil, false, err
	}
	known.Offline = q.offline || q.keepSources
	verdicts, err := builder.Preview(ctx, engine, q.plan, known)
	return verdicts, true, err
}

func printPlan(plan builder.Plan, verdicts []builder.Verdict, known bool) {
	fmt.Printf("workspace  %s\nrecipe     %s\nimage      %s\n", plan.Workspace, plan.Recipe, plan.Image.Tag)
	for _, note := range plan.Notes {
		fmt.Println("note       " + note)
	}
	for i, step := range plan.Steps {
		fmt.Printf("\n%s: %s\n", step.Name, step.About)
		if known {
			fmt.Printf("  %s\n", decision(verdicts[i]))
		}
		for _, argv := range step.Commands {
			var words []string
			for _, word := range argv {
				words = append(words, docker.Quote(word))
			}
			fmt.Printf("    %s\n", strings.Join(words, " "))
		}
	}
}

// decision says what a build would do with a step, and why.
func decision(v builder.Verdict) string {
	switch {
	case v.State == builder.Running && v.Runs:
		return "would be followed: " + v.Reason
	case v.Runs:
		return "would run: " + v.Reason
	case v.State == builder.UpToDate:
		return "up to date"
	}
	return "left out: " + v.Reason
}

func printJSON(value any) error {
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
