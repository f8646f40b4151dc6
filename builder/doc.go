// Package builder is the core of coreos-builder: it turns a recipe and a configuration into a plan, and runs the plan.
//
// A [Recipe] says as data how an operating system's images are built: the phases, and the commands of each. [Compile]
// fills in a [Config] and gives a [Plan] of plain data with nothing left to decide: the same input always gives the
// same plan. [Build] runs a plan's steps on an [Engine], one container a step, over one volume that keeps everything
// that was built: the workspace.
//
// The package keeps no state of its own. What is done is written in the workspace by the step that did it (a [Stamp]);
// what is happening is the step's container (a [Run]). [Judge] reads both and says of each step whether it has to run,
// and why.
package builder
