package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/progress"
	"github.com/coreos-builder/coreos-builder/internal/provenance"
	"github.com/coreos-builder/coreos-builder/internal/signature"
)

type verifyCommand struct {
	Directory string `arg:"" type:"path" help:"The directory that results were fetched to."`
	Key       string `type:"path" placeholder:"FILE" help:"The public key that must have signed: of OpenPGP or OpenSSH, or allowed_signers."`
	JSON      bool   `name:"json" env:"-" help:"As JSON."`
}

func (c *verifyCommand) Help() string {
	return `Holds every file against the checksums, the checksums against their signatures, and the provenance against both, and says
what each file is. Without --key a signature tells only that nothing changed since whoever has some key signed it.

Exit codes: 0 all is as it was built, 1 it is not, 2 a mistake in what was asked for.`
}

func (c *verifyCommand) Run(ctx context.Context) error {
	var key *signature.Key
	var err error
	if c.Key != "" {
		if key, err = signature.LoadKey(c.Key); err != nil {
			return err
		}
	}
	root, err := os.OpenRoot(c.Directory)
	if err != nil {
		return &builder.InputError{Option: "directory", Value: c.Directory, Reason: "cannot be read: " + builder.Reason(err)}
	}
	defer root.Close()
	found, err := provenance.Verify(ctx, root, key, time.Now())
	if err != nil {
		return fmt.Errorf("verify %s: %w", c.Directory, err)
	}
	if c.JSON {
		err = printPlainJSON(found)
	} else {
		err = printReport(found)
	}
	if err != nil || found.Good() {
		return err
	}
	for _, problem := range found.Problems {
		fmt.Fprintf(os.Stderr, "coreos-builder: %s %s\n", plainName(problem.Name), progress.Clean(problem.What))
	}
	return &exitError{exitStep}
}

func printReport(found provenance.Report) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	if len(found.Files) > 0 {
		fmt.Fprintln(table, "NAME\tSIZE\tSTATE\tWHAT IT IS")
	}
	for _, f := range found.Files {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", plainName(f.Name), progress.Size(f.Size), f.State, f.Kind)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if o := found.Origin; o != nil {
		fmt.Println(progress.Clean(origin(*o)))
	}
	for _, s := range found.Signatures {
		by := progress.Clean(s.By)
		if s.Trusted {
			fmt.Printf("%s is good, by the key that was given: %s.\n", s.Name, by)
		} else {
			fmt.Printf("%s names the key %s; with --key it is checked that it is the one you expect.\n", s.Name, by)
		}
	}
	if found.Good() {
		fmt.Printf("All %d files are as they were built.\n", len(found.Files))
	}
	return nil
}

// origin is where files come from, as a sentence.
func origin(o provenance.Origin) string {
	text := "Built by the recipe " + o.Recipe
	if !o.Finished.IsZero() {
		text += ", " + o.Finished.UTC().Format("2006-01-02 15:04:05 MST")
	}
	text += fmt.Sprintf(", from %d sources that are named", o.Materials)
	for _, name := range slices.Sorted(maps.Keys(o.Versions)) {
		text += ", " + name + " " + o.Versions[name]
	}
	return text + "."
}

// plainName is a file's name, in quotes when a terminal or a reader could take it for anything else.
func plainName(name string) string {
	if progress.Clean(name) == name && !strings.ContainsAny(name, "\"'\r\n\t ") {
		return name
	}
	return strconv.QuoteToASCII(name)
}

// printPlainJSON prints JSON in which nothing is left that a terminal would act on.
func printPlainJSON(value any) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return err
	}
	var plain strings.Builder
	for _, r := range text.String() {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			fmt.Fprintf(&plain, `\u%04x`, r) // only within strings does JSON allow them at all
		} else {
			plain.WriteRune(r)
		}
	}
	_, err := os.Stdout.WriteString(plain.String())
	return err
}
