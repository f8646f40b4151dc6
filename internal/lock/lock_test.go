package lock_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/lock"
	"github.com/coreos-builder/coreos-builder/internal/strictyaml"
)

var commit, other, sum = strings.Repeat("a1", 20), strings.Repeat("b2", 20), strings.Repeat("c3", 32)

// recipe has an option of every kind that a lock has to do with.
func recipe() builder.Recipe {
	return builder.Recipe{
		Name:  "small",
		Image: builder.ImageSource{Name: "small", Context: "sha256:0", Args: map[string]string{"BASE": "debian"}},
		Dir:   "/workspace",
		Options: []builder.Option{
			{Name: "word"}, {Name: "jobs", Neutral: true}, {Name: "data", File: true}, {Name: "password", Secret: true},
			{Name: "commit"}, {Name: "manifest", File: true}, {Name: "sdk_sha256"},
		},
		Pins: map[string]string{"commit": "source manifest", "manifest": "manifest", "sdk_sha256": "source sdk"},
		Phases: []builder.Phase{{Name: "make", Files: []string{"data", "manifest"}, Run: []builder.Command{{
			Argv: []string{"make", "{{.word}}", "{{.commit}}", "{{.sdk_sha256}}", "{{.data}}", "{{.manifest}}", "{{if .jobs}}-j{{.jobs}}{{end}}"}}}}},
		Artifacts: builder.Artifacts{Dir: "out", Files: []string{"*"}},
	}
}

func config() builder.Config {
	return builder.Config{
		Workspace: "mine",
		Options:   map[string][]string{"word": {"hello"}, "jobs": {"3"}},
		Files:     map[string][]builder.File{"data": {{Name: "a", SHA256: sum}}},
		Secrets:   map[string]bool{"password": true},
	}
}

func planned(t *testing.T, change func(*builder.Recipe, *builder.Config)) (builder.Recipe, builder.Plan, lock.Lock) {
	t.Helper()
	r, c := recipe(), config()
	if change != nil {
		change(&r, &c)
	}
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	plan, err := builder.Compile(r, c)
	if err != nil {
		t.Fatal(err)
	}
	l, err := lock.Of(r, plan)
	if err != nil {
		t.Fatal(err)
	}
	return r, plan, l
}

const manifest = `<manifest><project name="coreos/scripts" path="src/scripts" revision="%s"/><project name="x" revision="1"/></manifest>`

func built(t *testing.T, plan builder.Plan, l lock.Lock, revision string) lock.Lock {
	t.Helper()
	w := builder.Workspace{Stamps: map[string]builder.Stamp{"make": {Sources: []builder.Revision{{Name: "manifest", Revision: revision}, {Name: "sdk", Revision: "sha256:" + sum}}}}}
	l, err := l.Built(plan, w, lock.Facts{Manifest: []byte(strings.Replace(manifest, "%s", revision, 1)), Packages: []byte("bash 5.2\nlibc6:amd64 2.36\n")})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	_, plan, l := planned(t, nil)
	l = built(t, plan, l, commit)
	again, err := lock.Parse("x", l.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if difference := cmp.Diff(l, again); difference != "" {
		t.Error(difference)
	}
	wanted, err := os.ReadFile("testdata/" + lock.Name)
	if err != nil {
		t.Fatal(err)
	}
	if difference := cmp.Diff(string(wanted), string(l.Encode())); difference != "" {
		t.Error(difference)
	}
}

// What is pinned builds the same commands with the same lock, wherever and however fast it is built.
func TestPinsMakeTheSameLock(t *testing.T) {
	r, plan, l := planned(t, nil)
	l = built(t, plan, l, commit)
	options, files := l.Pins(r)
	if difference := cmp.Diff(map[string]string{"commit": commit, "sdk_sha256": sum}, options); difference != "" {
		t.Error(difference)
	}
	if string(files["manifest"]) != l.Manifest || len(files) != 1 {
		t.Errorf("got %q", files)
	}
	_, pinned, again := planned(t, func(_ *builder.Recipe, c *builder.Config) {
		for option, value := range options {
			c.Options[option] = []string{value}
		}
		c.Files["manifest"] = []builder.File{{SHA256: sum}}
		c.Workspace, c.Options["jobs"] = "elsewhere", []string{"64"}
	})
	if differences := lock.DiffPlanned(l, again); len(differences) > 0 {
		t.Errorf("got %v", differences)
	}
	if pinned.Steps[0].Digest == plan.Steps[0].Digest {
		t.Error("nothing is pinned")
	}
}

func TestWhatDiffersIsNamed(t *testing.T) {
	_, plan, l := planned(t, nil)
	one := built(t, plan, l, commit)
	for wanted, change := range map[string]func(*builder.Recipe, *builder.Config){
		"option word: hello → bye": func(_ *builder.Recipe, c *builder.Config) { c.Options["word"] = []string{"bye"} },
		"option word: hello is gone": func(_ *builder.Recipe, c *builder.Config) {
			delete(c.Options, "word")
		},
		"file data/a: " + sum + " is gone": func(_ *builder.Recipe, c *builder.Config) { c.Files = nil },
		"secrets: password is gone":        func(_ *builder.Recipe, c *builder.Config) { c.Secrets = nil },
		"base image: debian → ubuntu":      func(r *builder.Recipe, _ *builder.Config) { r.Image.Args = map[string]string{"BASE": "ubuntu"} },
		"the builder image's context: sha256:0 → sha256:1": func(r *builder.Recipe, _ *builder.Config) {
			r.Image.Context = "sha256:1"
		},
		"step make: " + l.Steps["make"] + " → ": func(r *builder.Recipe, _ *builder.Config) { r.Phases[0].Run[0].Argv = []string{"true"} },
	} {
		_, _, two := planned(t, change)
		differences := lock.DiffPlanned(one, two)
		if len(differences) != 1 || !strings.HasPrefix(differences[0].String(), wanted) {
			t.Errorf("got %v, want %s", differences, wanted)
		}
	}
	two := built(t, plan, l, other)
	two.Image.Packages["bash"] = "5.3"
	var got []string
	for _, d := range lock.DiffFound(one, two) {
		got = append(got, d.String())
	}
	wanted := []string{"package bash: 5.2 → 5.3", "source manifest: " + commit + " → " + other, "project src/scripts: " + commit + " → " + other}
	if difference := cmp.Diff(wanted, got); difference != "" {
		t.Error(difference)
	}
	two.Image.Packages = nil // it is not known what was in it
	for _, d := range append(lock.DiffFound(one, two), lock.DiffFound(two, one)...) {
		if strings.HasPrefix(d.What, "package") {
			t.Errorf("got %v of packages that are not known", d)
		}
	}
}

func TestALockFileIsReadStrictly(t *testing.T) {
	_, plan, l := planned(t, nil)
	good := string(built(t, plan, l, commit).Encode())
	for wanted, text := range map[string]string{
		"it does not say what was built": "lock: 1\n",
		"format 2":                       strings.Replace(good, "lock: 1", "lock: 2", 1),
		`no key "stepz"`:                 strings.Replace(good, "steps:", "stepz:", 1),
		"x:3":                            strings.Replace(good, "recipe: small", "recipe: [a]", 1),
	} {
		_, err := lock.Parse("x", []byte(text))
		var failure *strictyaml.Error
		if !errors.As(err, &failure) || !strings.Contains(err.Error(), wanted) {
			t.Errorf("got %v, want %s", err, wanted)
		}
	}
	if _, err := l.Built(plan, builder.Workspace{}, lock.Facts{Packages: []byte("bash\n")}); err == nil {
		t.Error("a package without a version is taken")
	}
}

func FuzzParse(f *testing.F) {
	good, err := os.ReadFile("testdata/" + lock.Name)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, content []byte) {
		l, err := lock.Parse("x", content)
		if err != nil {
			return
		}
		again, err := lock.Parse("x", l.Encode())
		if err != nil || len(lock.DiffPlanned(l, again))+len(lock.DiffFound(l, again)) > 0 {
			t.Errorf("what is written of it is read as another: %v", err)
		}
		l.Pins(recipe())
	})
}

// A lock goes wherever it is of use; who may fetch the sources is no input of what is built.
func TestALockHoldsNoCredentials(t *testing.T) {
	with := func(word string) lock.Lock {
		_, _, l := planned(t, func(_ *builder.Recipe, c *builder.Config) { c.Options["word"] = []string{word} })
		return l
	}
	plain := with("https://git.example/manifest.git")
	for _, url := range []string{"https://user:s3cret@git.example/manifest.git", "https://s3cret@git.example/manifest.git"} {
		l := with(url)
		if strings.Contains(string(l.Encode()), "s3cret") || len(lock.DiffPlanned(plain, l)) > 0 {
			t.Errorf("%s: %s", url, l.Encode())
		}
	}
	if l := with("ssh://git:s3cret@git.example/x"); l.Options["word"][0] != "ssh://git@git.example/x" {
		t.Errorf("got %v", l.Options)
	}
}
