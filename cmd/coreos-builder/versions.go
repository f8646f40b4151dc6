package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"text/tabwriter"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/recipe"
)

type versionsCommand struct {
	configFlags `embed:""`
	Filter      string `arg:"" optional:"" help:"Only names that begin with this, such as 509 or build-."`
	JSON        bool   `name:"json" env:"-" help:"As JSON."`
}

func (c *versionsCommand) Run(ctx context.Context, flags *engineFlags) error {
	q, err := c.request()
	if err != nil {
		return err
	}
	if len(q.plan.Versions) == 0 {
		return &builder.InputError{Option: "recipe", Value: q.plan.Recipe, Reason: "cannot tell what versions there are"}
	}
	engine, err := flags.connect(ctx)
	if err != nil {
		return err
	}
	defer engine.Close()
	var out []byte
	err = preparing(func(progress func(string)) error {
		out, err = engine.Consult(ctx, q.plan, q.plan.Versions, progress)
		return err
	})
	if err != nil {
		return err
	}
	r, err := recipe.Load(q.recipe)
	if err != nil {
		return err
	}
	offers, err := r.ParseOffers(string(out))
	if err != nil {
		return err
	}
	return c.print(slices.DeleteFunc(offers, func(o builder.Offer) bool { return !r.Begins(o, c.Filter) }))
}

func (c *versionsCommand) print(offers []builder.Offer) error {
	if c.JSON {
		return printJSON(offers)
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "KIND\tNAME\tDATE\tSDK\tNOTE")
	for _, o := range offers {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", o.Kind, o.Name, o.Date, o.SDK, o.Note)
	}
	return table.Flush()
}
