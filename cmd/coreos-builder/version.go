package main

import (
	"fmt"
	"runtime/debug"
)

type versionCommand struct{}

func (versionCommand) Run() error {
	fmt.Println("coreos-builder", version())
	return nil
}

// version is the module's version or, of a build from a checkout, the commit.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	text := info.Main.Version
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" && text == "(devel)" {
			text = setting.Value[:min(12, len(setting.Value))]
		}
	}
	return text + " (" + info.GoVersion + ")"
}
