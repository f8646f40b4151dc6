package strictyaml_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coreos-builder/coreos-builder/internal/config"
	"github.com/coreos-builder/coreos-builder/internal/recipe"
	"github.com/coreos-builder/coreos-builder/internal/strictyaml"
)

// Each file in testdata/bad says in its first line what is wrong with it: the line and the message, after the file's name.
func TestWhatIsWrongWithAFileIsSaidInOneLine(t *testing.T) {
	load := map[string]func(file string, content []byte) error{
		"config": func(file string, content []byte) error {
			_, _, err := config.Parse(file, content)
			return err
		},
		"recipe": func(file string, _ []byte) error {
			_, err := recipe.Load(file)
			return err
		},
	}
	for kind, load := range load {
		files, err := filepath.Glob("../../testdata/bad/" + kind + "/*.yaml")
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, file := range files {
			t.Run(kind+"/"+filepath.Base(file), func(t *testing.T) {
				content, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				first, _, _ := strings.Cut(string(content), "\n")
				wanted := file + ":" + strings.TrimPrefix(first, "# want:")
				if line := strings.TrimPrefix(first, "# want: "); line != "" && line[0] >= '0' && line[0] <= '9' {
					wanted = file + ":" + line
				}
				var wrong *strictyaml.Error
				if err := load(file, content); !errors.As(err, &wrong) || !strings.HasPrefix(err.Error(), strings.TrimSpace(wanted)) {
					t.Errorf("got  %v\nwant %s", err, wanted)
				} else if strings.Contains(err.Error(), "\n") {
					t.Errorf("%q is more than a line", err)
				}
			})
		}
	}
}

func TestAnEmptyFileSetsNothing(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "---\n"} {
		var settings config.Settings
		if err := strictyaml.Load("empty.yaml", []byte(text), &settings); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}
