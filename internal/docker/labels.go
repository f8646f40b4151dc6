package docker

import "github.com/coreos-builder/coreos-builder/builder"

// This is all that coreos-builder keeps anywhere. Everything in an engine that is its own bears these labels, and nothing
// else is ever touched.
//
//	kind      what it is                      named
//	volume    a workspace                     coreos-builder.WORKSPACE
//	cache     what all workspaces share       coreos-builder-cache[-KIND]
//	step      a step that runs                coreos-builder.WORKSPACE
//	          one beside others of its phase  coreos-builder-beside.WORKSPACE.STEP
//	          a step that has ended           coreos-builder.WORKSPACE.STEP
//	keeper    never runs: the workspace's     coreos-builder.WORKSPACE.keeper
//	          files are read through it
//	          the image of such containers    coreos-builder/keeper:latest
//	tool      a command of the builder's own  (the engine names it)
//	shell     a user's shell                  (the engine names it)
//	machine   a machine that an artefact is   (the engine names it)
//	          booted in
//	image     an image that is built          coreos-builder/IMAGE:DIGEST
//
// A workspace's name has no dot in it, so no two of these can meet. The name of the step that runs is the workspace's
// lock: an engine gives a name to one container only, and takes it from a container that has ended, whoever started
// it, when the next step wants it.
//
// What is done is not kept in labels but in the volume, in the directory .coreos-builder/steps, by the steps themselves:
//
//	STEP.stamp       the step was done.
//	STEP.unfinished  the step was begun. When it is done the stamp is written here, and moved to its place: so it is whole or
//	                 not there, and at no moment both are.
//
// Beside it is .coreos-builder/sums, with the digests of results (images/tools/send-artifacts) and a .lock, of which whoever
// records a result has a byte; and .coreos-builder/loops.lock, which steps share that use loop devices.
//
// A stamp is lines of a word, a space and a value:
//
//	step        the step's name
//	run         what tells this run from all others
//	started     when the run began and ended, as RFC 3339 in UTC
//	finished
//	after       a step that this one needs, and that step's run; once for each
//	source      a name and its revision; once for each, for the step that fetched them
//	verifier    recognises the secret that the step read
//	config      what the step's plan was made of: builder.Config as JSON
//	definition  what was run: builder.Definition as JSON. The step's digest is that of this text.
const (
	// labelKind tells what a thing is: one of the kinds above.
	labelKind = "coreos-builder.kind"
	// labelWorkspace is the workspace that a volume or a container belongs to.
	labelWorkspace = "coreos-builder.workspace"
	// labelRecipe, on a volume, is the recipe that the workspace was made for.
	labelRecipe = "coreos-builder.recipe"
	// labelStep and labelDigest, on a step's container, are the step's name and its digest in the plan.
	labelStep   = "coreos-builder.step"
	labelDigest = "coreos-builder.digest"
	// labelBeside, on the container of a parallel step, is its phase: others of that may run beside it.
	labelBeside = "coreos-builder.beside"
	// labelConfig, on a step's container, is what its plan was made of: builder.Config as JSON.
	labelConfig = "coreos-builder.config"
	// labelClient, on a container, is who started it, as user@host: for people to read.
	labelClient = "coreos-builder.client"
)

const (
	kindVolume = "volume"
	kindCache  = "cache"
	kindStep   = "step"
	kindKeeper = "keeper"
	kindTool   = "tool"
	kindShell  = "shell"
	kindImage  = "image"

	kindMachine = "machine"
)

const (
	prefix      = "coreos-builder."
	keeperImage = "coreos-builder/keeper:latest"
	cachePrefix = "coreos-builder-cache"
)

func volumeName(workspace string) string { return prefix + workspace }

// seatName is where a step of a workspace runs: there is one seat for all, and one for each that may run beside others.
func seatName(workspace string, step builder.Step) string {
	if step.Parallel {
		return "coreos-builder-beside." + workspace + "." + step.Name
	}
	return prefix + workspace
}

func keeperName(workspace string) string { return prefix + workspace + ".keeper" }
func cacheName(plan builder.Plan) string {
	if plan.CacheKind == "" {
		return cachePrefix
	}
	return cachePrefix + "-" + plan.CacheKind
}
func stepName(workspace, step string) string {
	return prefix + workspace + "." + step
}
