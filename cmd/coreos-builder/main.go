// coreos-builder builds customised CoreOS-family OS images on any Docker host.
package main

import (
	"context"
	"os"

	"github.com/alecthomas/kong"
)

func main() { os.Exit(run(os.Args[1:])) }

// cli is the command line: a field for each command, and what they all share.
type cli struct {
	Engine engineFlags `embed:""`

	Build     buildCommand     `cmd:"" help:"Build images: run every step that is not up to date."`
	Plan      planCommand      `cmd:"" help:"Show what a build would do, and why."`
	Status    statusCommand    `cmd:"" help:"Show the workspaces of the engine, or the steps of one."`
	Logs      logsCommand      `cmd:"" help:"Show what a step printed."`
	Attach    attachCommand    `cmd:"" help:"Follow the step that runs, until it ends."`
	Stop      stopCommand      `cmd:"" help:"End the step that runs."`
	Shell     shellCommand     `cmd:"" help:"Open a shell in a workspace, or run a command there."`
	Artifacts artifactsCommand `cmd:"" help:"List or fetch the results of a build."`
	Verify    verifyCommand    `cmd:"" help:"See that fetched results are as they were built, and what each is."`
	Boot      bootCommand      `cmd:"" help:"Start a result in a virtual machine, or check that it boots."`
	Inspect   inspectCommand   `cmd:"" help:"Say what is in a result: partitions, file systems, files."`
	Reproduce reproduceCommand `cmd:"" help:"Build twice, and say where the results differ."`
	Lock      lockCommand      `cmd:"" help:"Compare what builds were made from."`
	Clean     cleanCommand     `cmd:"" help:"Remove workspaces with all that is in them."`
	Recipes   recipesCommand   `cmd:"" help:"List the built-in recipes, or show one."`
	OEM       oemCommand       `cmd:"" name:"oem" help:"Make or check OEM packages of your own."`
	Versions  versionsCommand  `cmd:"" help:"List the releases and branches that can be built."`
	Version   versionCommand   `cmd:"" help:"Show the version of this program."`
}

// run runs a command line and returns its exit code.
func run(args []string) int {
	var c cli
	exit := -1
	parser, err := kong.New(&c,
		kong.Name("coreos-builder"),
		kong.Description("Builds customised CoreOS-family OS images on any Docker host."),
		kong.DefaultEnvars("COREOS_BUILDER"),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Exit(func(code int) { exit = code }),
	)
	if err != nil {
		panic(err) // the structs above are wrong
	}
	command, err := parser.Parse(args)
	if exit >= 0 { // the help was asked for
		return exit
	}
	if err != nil {
		return report(&usageError{err})
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	command.BindTo(ctx, (*context.Context)(nil))
	command.Bind(&c.Engine)
	return report(command.Run())
}
