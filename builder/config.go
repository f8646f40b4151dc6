package builder

// Config is what a user wants built.
type Config struct {
	// Workspace names the workspace; empty is the recipe's name.
	Workspace string `json:"workspace"`
	// Options are the values that were set, by option name.
	Options map[string][]string `json:"options,omitempty"`
	// Secrets tells which secret options have a value. The values themselves are given to Build.
	Secrets map[string]bool `json:"secrets,omitempty"`
	// Files are what the file options stand for, by option name. The contents are given to Build.
	Files map[string][]File `json:"files,omitempty"`
	// Adds are values that options have besides those of the recipe, by option name.
	Adds map[string][]string `json:"adds,omitempty"`
	// TimeLimits are how long a phase may take, by its name, as time.ParseDuration reads it.
	TimeLimits map[string]string `json:"time_limits,omitempty"`
	// Security is Privileged or Minimal; empty is Privileged.
	Security string `json:"security,omitempty"`
	// NoErrata builds what is asked for even where it is known to be defective.
	NoErrata bool `json:"no_errata,omitempty"`
}

// What containers are allowed: all, where the recipe says that a phase is privileged, or no more than the phase needs.
const (
	Privileged = "privileged"
	Minimal    = "minimal"
)

// File is one file that the user brings.
type File struct {
	// Name is its path below the directory that the option names, with slashes; empty when the option names a file.
	Name string `json:"name,omitempty"`
	// SHA256 is the digest of the contents, 64 hexadecimal digits.
	SHA256 string `json:"sha256"`
	// Executable files may be run.
	Executable bool `json:"executable,omitempty"`
}

// Selection picks steps of a plan, by their own name or by their phase's. The zero value picks all.
type Selection struct {
	// From is the first that runs, Until the last, Only the one and only.
	From, Until, Only string
	// Force runs what is picked also when it is up to date.
	Force bool
}
