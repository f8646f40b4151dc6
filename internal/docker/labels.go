package docker

// Everything that coreos-builder keeps in an engine bears these labels, and nothing else is ever touched.
//
//	kind      what it is                      named
//	volume    a workspace                     coreos-builder.WORKSPACE
//	step      a step that runs                coreos-builder.WORKSPACE
//	          a step that has ended           coreos-builder.WORKSPACE.STEP
//	keeper    never runs: the workspace's     coreos-builder.WORKSPACE.keeper
//	          files are read through it
//	tool      a command of the builder's own  (the engine names it)
//	shell     a user's shell                  (the engine names it)
//	image     a builder image                 coreos-builder/IMAGE:DIGEST
//	          the image of keepers            coreos-builder/keeper:latest
//	stage     what a builder image is made    (nothing; removed when the image is made)
//	          from on the way
//
// A workspace's name has no dot in it, so no two of these can meet. The name of the step that runs is the workspace's
// lock: an engine gives a name to one container only, and takes it from a container that has ended, whoever started
// it, when the next step wants it.
//
// What is done is not kept in labels but in the volume, in files that the steps write (see stamp.go).
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
	// labelConfig, on a step's container, is what its plan was made of: builder.Config as JSON.
	labelConfig = "coreos-builder.config"
	// labelClient, on a container, is who started it, as user@host: for people to read.
	labelClient = "coreos-builder.client"
)

const (
	kindVolume = "volume"
	kindStep   = "step"
	kindKeeper = "keeper"
	kindTool   = "tool"
	kindShell  = "shell"
	kindImage  = "image"
	kindStage  = "stage"
)

const (
	prefix      = "coreos-builder."
	keeperImage = "coreos-builder/keeper:latest"
)

func volumeName(workspace string) string { return prefix + workspace }
func seatName(workspace string) string   { return prefix + workspace }
func keeperName(workspace string) string { return prefix + workspace + ".keeper" }
func stepName(workspace, step string) string {
	return prefix + workspace + "." + step
}
