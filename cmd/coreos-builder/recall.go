package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/config"
	"github.com/coreos-builder/coreos-builder/internal/docker"
	"github.com/coreos-builder/coreos-builder/internal/recipe"
)

// recall is what was last built in a workspace that is there, with what flags, variables and the configuration file say
// otherwise. So status, shell and artifacts need not be told again what a build was told.
func (f *configFlags) recall(ctx context.Context, engine *docker.Engine) (request, builder.Workspace, error) {
	settings, origins, err := f.written()
	if err != nil {
		return request{}, builder.Workspace{}, err
	}
	w, err := settings.look(ctx, engine)
	if err != nil {
		return request{}, w, origins.Explain(err)
	}
	if settings.Recipe == "" {
		if settings.Recipe = w.Recipe; !slices.Contains(recipe.Names(), w.Recipe) {
			return request{}, w, &builder.InputError{Option: "workspace", Value: w.Name, Reason: fmt.Sprintf(
				"is one of recipe %s, which is none of the built-in ones: name its file with --recipe", w.Recipe)}
		}
	}
	r, err := recipe.Load(settings.Recipe)
	if err != nil {
		return request{}, w, origins.Explain(err)
	}
	last, _ := w.Last()
	last.Workspace = w.Name
	q, err := settings.request(r, last)
	return q, w, origins.Explain(err)
}

// found is an engine, and the workspace on it that is meant, whatever it was made by.
func (f *configFlags) found(ctx context.Context, flags *engineFlags) (*docker.Engine, builder.Workspace, error) {
	settings, origins, err := f.written()
	if err != nil {
		return nil, builder.Workspace{}, err
	}
	engine, err := flags.connect(ctx)
	if err != nil {
		return nil, builder.Workspace{}, err
	}
	w, err := settings.look(ctx, engine)
	if err != nil {
		engine.Close()
		return nil, w, origins.Explain(err)
	}
	return engine, w, nil
}

// look is the workspace that is meant, as it is found.
func (s settings) look(ctx context.Context, engine *docker.Engine) (builder.Workspace, error) {
	name, err := s.workspaceName(ctx, engine)
	if err != nil {
		return builder.Workspace{}, err
	}
	w, err := engine.Look(ctx, name)
	if err != nil {
		return w, fmt.Errorf("workspace %s: %w", name, err)
	}
	return w, nil
}

// workspaceName is the workspace that is meant: the one that is named, the one of the recipe that is named, or the only
// one that there is.
func (s settings) workspaceName(ctx context.Context, engine *docker.Engine) (string, error) {
	if s.Workspace != "" {
		return s.Workspace, nil
	}
	if s.Recipe != "" {
		r, err := recipe.Load(s.Recipe)
		return r.Name, err
	}
	all, err := engine.Workspaces(ctx)
	if err != nil {
		return "", err
	}
	var names []string
	for _, w := range all {
		names = append(names, w.Name)
	}
	switch len(names) {
	case 0:
		return "", errors.New("there is no workspace on this engine: build something first")
	case 1:
		return names[0], nil
	}
	return "", &builder.InputError{Option: "workspace", Reason: "is to be named: there are " + strings.Join(names, ", ")}
}

// request compiles the plan of a recipe for these settings; what they leave open is as in another configuration.
func (s settings) request(r builder.Recipe, otherwise builder.Config) (request, error) {
	var q request
	var err error
	if q.secrets, err = readSecrets(s.Settings); err != nil {
		return q, err
	}
	options, err := s.Values()
	if err != nil {
		return q, err
	}
	q.offline = s.Offline
	if q.files, err = config.ReadFiles(r, options, s.Customization); err != nil {
		return q, err
	}
	c := builder.Config{
		Workspace: otherwise.Workspace,
		Options:   over(options, otherwise.Options),
		Files:     over(q.files.Lists(), otherwise.Files),
		Secrets:   maps.Clone(otherwise.Secrets),
		Adds:      over(s.Adds(), otherwise.Adds),
		NoErrata:  s.NoErrata || otherwise.NoErrata,

		TimeLimits: over(s.TimeLimits, otherwise.TimeLimits),
		Security:   cmp.Or(s.Security, otherwise.Security),
	}
	for name := range q.secrets {
		if c.Secrets == nil {
			c.Secrets = map[string]bool{}
		}
		c.Secrets[name] = true
	}
	q.manifestURL = value(r, c, "manifest_url")
	q.plan, err = builder.Compile(r, c)
	return q, err
}

// value is the value that an option has, set or not; empty where there is no such option.
func value(r builder.Recipe, c builder.Config, name string) string {
	for _, option := range r.Options {
		if option.Name != name {
			continue
		}
		if set := c.Options[name]; len(set) > 0 {
			return set[0]
		}
		return option.Default
	}
	return ""
}

// over is one map with another's entries where it has none. Version and branch exclude each other.
func over[V any](mine, others map[string]V) map[string]V {
	all := maps.Clone(others)
	if all == nil {
		all = map[string]V{}
	}
	for _, pair := range [][2]string{{"version", "branch"}, {"branch", "version"}} {
		if _, ok := mine[pair[0]]; ok {
			delete(all, pair[1])
		}
	}
	maps.Copy(all, mine)
	return all
}
