package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/coreos-builder/coreos-builder/builder"
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
	for _, option := range r.Options {
		printOption(option)
	}
	fmt.Print("\nPhases:\n")
	for _, phase := range r.Phases {
		fmt.Printf("  %-24s  %s\n", phase.Name, phase.About)
	}
	return nil
}

func printOption(option builder.Option) {
	fmt.Printf("  %-18s  %s\n", option.Name, option.About)
	if len(option.Values) > 0 {
		fmt.Printf("  %-18s  one of %s\n", "", strings.Join(option.Values, ", "))
	}
	if option.Default != "" {
		fmt.Printf("  %-18s  default: %s\n", "", option.Default)
	}
}
