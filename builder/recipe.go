package builder

// Recipe says how the images of one operating system are built. Strings marked as templates are text/template
// templates over the options' values: {{.board}} is the value of the option board.
type Recipe struct {
	// Name is what the recipe is called, and the default name of its workspaces.
	Name string `yaml:"name"`
	// About says in one line what the recipe builds.
	About string `yaml:"about"`
	// Image is the builder image that every step runs in.
	Image ImageSource `yaml:"image"`
	// Dir is where the workspace is mounted in every container: an absolute path that the builder image holds, owned
	// by the user that its steps run as.
	Dir string `yaml:"dir"`
	// Cache is a directory below the workspace, that the builder image holds, which all workspaces of an engine share: for
	// what is fetched and can be fetched again. Empty is none.
	Cache string `yaml:"cache"`
	// CacheKind is a template: workspaces share it only with those of the same kind.
	CacheKind string `yaml:"cache_kind"`
	// Enter names the places besides the workspace that a command can run in, such as the SDK chroot.
	Enter map[string]Enter `yaml:"enter"`
	// Options are the values that a user may set.
	Options []Option `yaml:"options"`
	// Releases says what the releases of the operating system differ in.
	Releases Releases `yaml:"releases"`
	// Versions is a command that lists what can be built: lines of "KIND NAME DATE SDK", KIND being version or branch.
	Versions []string `yaml:"versions"`
	// Errata are known defects of releases, with what to build instead.
	Errata []Erratum `yaml:"errata"`
	// Values are templates over the options, for what several templates need: {{.ref}} is the value named ref.
	Values map[string]string `yaml:"values"`
	// Phases are the parts of the build, in order.
	Phases []Phase `yaml:"phases"`
	// Memory is what a step of a phase may need, in MiB, by the phase's name: as many run side by side as there is room for.
	Memory map[string]int `yaml:"memory"`
	// Pins are the options by which the very same is built again: the value of each is "source NAME", a revision that a
	// build fetched, or "manifest", the file of all of them.
	Pins map[string]string `yaml:"pins"`
	// Disk is what a phase adds to the engine's disk, in MiB, at most, by the phase's name.
	Disk map[string]int `yaml:"disk"`
	// Minimal is what phases may do that are not privileged but have to be allowed something, by the phase's name.
	Minimal map[string]Rights `yaml:"minimal"`
	// Artifacts says where the results are.
	Artifacts Artifacts `yaml:"artifacts"`
	// Boot says how the results are started.
	Boot Boot `yaml:"boot"`
}

// Rights are what a container may do besides what every process may.
type Rights struct {
	// Capabilities are those of Linux, without CAP_. A container without rights has none at all.
	Capabilities []string `yaml:"capabilities" json:"capabilities,omitempty"`
	// Devices are rules of the device control group, such as "b 7:* rwm" for loop devices.
	Devices []string `yaml:"devices" json:"devices,omitempty"`
}

// ImageSource says which builder image a recipe needs.
type ImageSource struct {
	// Name is the name of the build context.
	Name string `yaml:"name" json:"name"`
	// Args are the build arguments; the values are templates in a recipe, and final in a plan.
	Args map[string]string `yaml:"args" json:"args,omitempty"`
	// Context is the digest of the build context's files. Whoever loads the recipe fills it in.
	Context string `yaml:"-" json:"context"`
	// Tag is the image's reference, made of all of the above. Only a plan has it.
	Tag string `yaml:"-" json:"tag"`
}

// Enter is how a command gets into a place: the place's own command goes before it.
type Enter struct {
	// Argv is the command that enters, to which the entering command's words are added.
	Argv []string `yaml:"argv"`
	// Accepts is a regular expression that each added word has to match whole, for a way in that does not pass every
	// word on as it is. Empty accepts everything.
	Accepts string `yaml:"accepts"`
}

// Option is a value that a user may set.
type Option struct {
	Name  string `yaml:"name"`
	About string `yaml:"about"`
	// Default is the value of an option that is not set; of a list, its only element.
	Default string `yaml:"default"`
	// Values, when there are any, are the only ones allowed.
	Values []string `yaml:"values"`
	// Releases are the releases that have a value, of those values that not every release has. Where a release does not
	// have the default, it is the first value that it has.
	Releases map[string]Range `yaml:"releases"`
	// Pattern is a regular expression that the whole value has to match. A value never holds a control character,
	// whatever the pattern says.
	Pattern string `yaml:"pattern"`
	// Form says in words what Pattern wants, for whoever gave something else.
	Form string `yaml:"form"`
	// List allows several values.
	List bool `yaml:"list"`
	// Secret values are never part of a plan: they reach a step on its standard input. In templates a secret is true
	// when there is one, and false otherwise.
	Secret bool `yaml:"secret"`
	// File options are paths of files, or of directories of files, that the user brings. In templates the value is
	// where a step that needs them finds them, below the workspace.
	File bool `yaml:"file"`
	// Neutral tells that the option changes nothing of what is built, such as where it is fetched from.
	Neutral bool `yaml:"neutral"`
	// Excludes names options that cannot be set together with this one. Setting one takes away the others' defaults.
	Excludes []string `yaml:"excludes"`
}

// Phase is a part of the build that runs in one container, or in one for each value of a list.
type Phase struct {
	// Name is upstream's own name for it.
	Name  string `yaml:"name"`
	About string `yaml:"about"`
	// When is a template that gives true or false: whether the phase is part of the build. Empty is true.
	When string `yaml:"when"`
	// Needs names the phases whose results this one builds on; empty is the phase before it.
	Needs []string `yaml:"needs"`
	// Each names a list option: the phase is then a step for each of its values, and the templates see that value.
	Each string `yaml:"each"`
	// In names the place (of Recipe.Enter) that the commands run in; empty is the workspace itself.
	In string `yaml:"in"`
	// Run are the commands, in order; the first that fails ends the step.
	Run []Command `yaml:"run"`
	// Recover are commands that run first when the last run of the step did not end well.
	Recover []Command `yaml:"recover"`
	// Sources is for the phase that fetches what is built.
	Sources *Sources `yaml:"sources"`
	// Network tells that the phase fetches things: it may fail for reasons that pass.
	Network bool `yaml:"network"`
	// Isolated gives the phase no network at all. Its containers also start sooner.
	Isolated bool `yaml:"isolated"`
	// Offline are the words, templates like those of a command, of one that succeeds where the phase can do without the
	// network, and else says what is missing. A phase that has none cannot, if it fetches things at all.
	Offline []string `yaml:"offline"`
	// Parallel tells that the phase's steps, one for each value, do not disturb each other: they run side by side.
	Parallel bool `yaml:"parallel"`
	// Turn is a template: of a parallel phase's steps, those for which it gives the same text run one after the other. Empty is
	// none. The commands know it as {{.turn}}, to keep others who build the same to it too.
	Turn string `yaml:"turn"`
	// Files names the file options whose files the step needs.
	Files []string `yaml:"files"`
	// Env is added to the environment; the values are templates.
	Env map[string]string `yaml:"env"`
	// Stdin is what the step reads.
	Stdin Stdin `yaml:"stdin"`
	// Privileged containers may do all that the engine's host can.
	Privileged bool `yaml:"privileged"`
	// HostDevices gives the step the /dev of the engine's host, where loop devices appear.
	HostDevices bool `yaml:"host_devices"`
}

// Command is one program call. No shell reads it.
type Command struct {
	// When is a template that gives true or false: whether the command is part of the step. Empty is true.
	When string `yaml:"when"`
	// In overrides the phase's place. The workspace itself is "workspace".
	In string `yaml:"in"`
	// Argv are templates, one for each word; a word that comes out empty is left out.
	Argv []string `yaml:"argv"`
}

// Stdin is what a step reads on its standard input.
type Stdin struct {
	// Secret names the secret option.
	Secret string `yaml:"secret" json:"secret,omitempty"`
	// As is the form: "line", or "read-line" for bash's read without -r, which takes backslashes for escapes.
	As string `yaml:"as" json:"as,omitempty"`
}

// Sources tells what revisions a step fetches.
type Sources struct {
	// Floating is a template that gives true when the revisions can move without a change of the configuration.
	Floating string `yaml:"floating" json:"-"`
	// Latest prints the revisions that a sync would fetch now, one "NAME REVISION" a line. A plan has it only when
	// the sources float.
	Latest []string `yaml:"latest" json:"latest,omitempty"`
	// Synced prints the revisions that are in the workspace, in the same form.
	Synced []string `yaml:"synced" json:"synced,omitempty"`
}

// Artifacts says where a build leaves its results.
type Artifacts struct {
	// Dir is a template: the directory, below the workspace.
	Dir string `yaml:"dir" json:"dir"`
	// Files are shell patterns of the names in Dir that are results. Only plain files are.
	Files []string `yaml:"files" json:"files"`
	// After names the phases that have to be done for what is there to be whole.
	After []string `yaml:"after" json:"after,omitempty"`
}
