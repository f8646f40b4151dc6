package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/config"
	"github.com/coreos-builder/coreos-builder/internal/docker"
	"github.com/coreos-builder/coreos-builder/internal/lock"
	"github.com/coreos-builder/coreos-builder/internal/recipe"
)

// defaultConfig is read when it is there and no other file is named.
const defaultConfig = "coreos-builder.yaml"

// configFlags are what decides what is built: flags, variables and a configuration file, in that order.
type configFlags struct {
	Config          string `short:"c" type:"path" placeholder:"FILE" help:"The configuration file. Default: coreos-builder.yaml, if there is one."`
	config.Settings `embed:""`
}

// request is what a user asks for, ready to build.
type request struct {
	// recipe is what the recipe was loaded by, and assumed tells that nobody has named it.
	recipe  string
	assumed bool
	plan    builder.Plan
	secrets map[string][]byte
	files   config.Files
	// manifestURL is where the manifest's repository is; empty where the recipe knows no such thing.
	manifestURL string
	// keepSources tells that what is in the workspace is wanted, wherever its sources are now.
	keepSources bool
	// offline tells to do with what is there.
	offline bool
}

// request reads the configuration file, the recipe and the files that they name, and compiles the plan.
func (f *configFlags) request() (request, error) { return f.requestOver(nil) }

// requestOver is a request that takes from a lock, if there is one, what is left open.
func (f *configFlags) requestOver(l *lock.Lock) (request, error) {
	settings, origins, err := f.written()
	if err != nil {
		return request{}, err
	}
	otherwise := builder.Config{Workspace: settings.Workspace}
	if l != nil {
		settings.Recipe, otherwise.Options = cmp.Or(settings.Recipe, l.Recipe), l.Options
	}
	name := cmp.Or(settings.Recipe, defaultRecipe)
	r, err := recipe.Load(name)
	if err != nil {
		return request{}, origins.Explain(err)
	}
	q, err := settings.request(r, otherwise)
	q.recipe, q.assumed = name, settings.Recipe == ""
	return q, origins.Explain(err)
}

// checkRecipe refuses to build in a workspace of another recipe by one that nobody has named.
func (q request) checkRecipe(ctx context.Context, engine *docker.Engine) error {
	if !q.assumed {
		return nil
	}
	all, err := engine.Workspaces(ctx)
	for _, w := range all {
		if w.Name == q.plan.Workspace && w.Recipe != q.plan.Recipe {
			return &builder.InputError{Option: "workspace", Value: w.Name, Reason: fmt.Sprintf(
				"is one of recipe %s: name that with --recipe, or another workspace for recipe %s", w.Recipe, q.plan.Recipe)}
		}
	}
	return err
}

// settings are what a user has set, by whatever means.
type settings struct{ config.Settings }

// written are the flags and variables and, where they say nothing, the configuration file.
func (f *configFlags) written() (settings, config.Origins, error) {
	file := f.Config
	if file == "" {
		if _, err := os.Stat(defaultConfig); errors.Is(err, os.ErrNotExist) {
			return settings{f.Settings}, config.Origins{}, nil
		}
		file = defaultConfig
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return settings{}, config.Origins{}, &builder.InputError{Option: "config", Value: file, Reason: "cannot be read: " + builder.Reason(err)}
	}
	inFile, origins, err := config.Parse(file, content)
	return settings{f.Settings.Over(inFile)}, origins, err
}

// namesWorkspace tells whether it is said which workspace is meant.
func (s settings) namesWorkspace() bool { return s.Workspace != "" || s.Recipe != "" }

const defaultRecipe = "coreos"

// readSecrets reads the password from its file, or from standard input. Nothing else ever holds it.
func readSecrets(settings config.Settings) (map[string][]byte, error) {
	if settings.PasswordFile == "" {
		return nil, nil
	}
	content, err := readPassword(settings.PasswordFile)
	if err != nil {
		return nil, &builder.InputError{Option: "password_file", Value: settings.PasswordFile, Reason: "cannot be read: " + builder.Reason(err)}
	}
	secret := []byte(strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r"))
	if err := builder.CheckSecret("password_file", secret); err != nil {
		return nil, err
	}
	return map[string][]byte{"password": secret}, nil
}

func readPassword(file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(io.LimitReader(os.Stdin, 1<<16))
	}
	return os.ReadFile(filepath.Clean(file))
}
