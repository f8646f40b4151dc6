package main

import (
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/coreos-builder/coreos-builder/internal/recipe"
)

type recipesCommand struct {
	List recipesList `cmd:"" default:"1" help:"List the built-in recipes."`
	Show recipesShow `cmd:"" help:"Show a recipe's options and phases, or its text."`
}

type recipesList struct{}

func (recipesList) Run() error {
	for _, name := range recipe.Names() {
		r, err := recipe.Load(name)
		if err != nil {
			return err
		}
		fmt.Printf("%-10s %s\n", r.Name, r.About)
	}
	return nil
}

type recipesShow struct {
	Recipe string `arg:"" help:"A built-in recipe, or a file."`
	YAML   bool   `name:"yaml" env:"-" help:"The recipe as it is written."`
}

func (c recipesShow) Run() error {
	content, _, err := recipe.Source(c.Recipe)
	if err != nil {
		return err
	}
	r, err := recipe.Load(c.Recipe)
	if err != nil {
		return err
	}
	if c.YAML {
		_, err := os.Stdout.Write(content)
		return err
	}
	fmt.Printf("%s: %s\n\nOptions:\n", r.Name, r.About)
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, option := range r.Options {
		about := option.About
		if len(option.Values) > 0 {
			about += ": " + strings.Join(option.Values, ", ")
		}
		fmt.Fprintf(table, "  %s\t%s\t%s\n", option.Name, option.Default, about)
	}
	table.Flush()
	fmt.Print("\nPhases:\n")
	for _, phase := range r.Phases {
		fmt.Fprintf(table, "  %s\t%s\n", phase.Name, phase.About)
	}
	return table.Flush()
}
