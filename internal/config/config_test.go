package config_test

import (
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/config"
	"github.com/coreos-builder/coreos-builder/internal/customize"
	"github.com/coreos-builder/coreos-builder/internal/strictyaml"
)

const whole = `recipe: demo
workspace: mine
branch: master
board: amd64-usr
image: prod
group: beta
format: [qemu, raw]
password_file: secret/password
developer_data: /etc/cloud-config
no_errata: true
options:
  jobs: 8
`

func TestAFileSetsEverything(t *testing.T) {
	got, _, err := config.Parse("dir/ours.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	wanted := config.Settings{
		Recipe: "demo", Workspace: "mine", Branch: "master", Board: "amd64-usr", Image: "prod", Group: "beta", Format: []string{"qemu", "raw"},
		PasswordFile: filepath.Join("dir", "secret", "password"), DeveloperData: "/etc/cloud-config", Set: map[string]string{"jobs": "8"}, NoErrata: true,
	}
	if difference := cmp.Diff(wanted, got); difference != "" {
		t.Error(difference)
	}
	values := map[string][]string{"branch": {"master"}, "board": {"amd64-usr"}, "image": {"prod"}, "group": {"beta"},
		"format": {"qemu", "raw"}, "developer_data": {"/etc/cloud-config"}, "jobs": {"8"}}
	options, err := got.Values()
	if err != nil {
		t.Fatal(err)
	}
	if difference := cmp.Diff(values, options); difference != "" {
		t.Error(difference)
	}
}

// Certificates are taken as they are, and nothing else out of their files.
func TestCertificatesTravelAsOneOption(t *testing.T) {
	directory := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(directory, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	server := httptest.NewUnstartedServer(nil)
	server.StartTLS()
	defer server.Close()
	certificate := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	good := write("good.pem", "of our company\n"+certificate+"\n"+certificate)
	options, err := config.Settings{CACertificates: []string{good}}.Values()
	if err != nil {
		t.Fatal(err)
	}
	if text, err := base64.StdEncoding.DecodeString(options["ca_certificates"][0]); err != nil || string(text) != certificate+certificate {
		t.Errorf("got %q, %v", text, err)
	}
	for wanted, path := range map[string]string{
		"no such file":             filepath.Join(directory, "none"),
		"no certificate in PEM":    write("text", "of our company\n"),
		"PRIVATE KEY, which is no": write("key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
		"malformed certificate":    write("bad", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
	} {
		_, err := config.Settings{CACertificates: []string{good, path}}.Values()
		var input *builder.InputError
		if !errors.As(err, &input) || !strings.Contains(err.Error(), wanted) || input.Option != "ca_certificates" {
			t.Errorf("got  %v\nwant …%s", err, wanted)
		}
	}
}

// Every field that is set goes before the same field of the other settings, and one that is not takes that.
func TestSettingsGoOverOthersFieldByField(t *testing.T) {
	fields := reflect.TypeFor[config.Settings]()
	filled := func(text string) config.Settings {
		var s config.Settings
		for i := range fields.NumField() {
			switch field := reflect.ValueOf(&s).Elem().Field(i); field.Kind() {
			case reflect.String:
				field.SetString(text)
			case reflect.Slice:
				field.Set(reflect.ValueOf([]string{text}))
			case reflect.Struct:
				field.Set(reflect.ValueOf(customize.Customization{Overlays: []string{text}}))
			case reflect.Bool:
				field.SetBool(true)
			case reflect.Map:
				field.Set(reflect.ValueOf(map[string]string{"option": text}))
			}
		}
		return s
	}
	if difference := cmp.Diff(filled("mine"), filled("mine").Over(filled("theirs"))); difference != "" {
		t.Error(difference)
	}
	if difference := cmp.Diff(filled("theirs"), config.Settings{}.Over(filled("theirs"))); difference != "" {
		t.Error(difference)
	}
	got := config.Settings{Version: "1.0.0", Set: map[string]string{"a": "1"}}.Over(config.Settings{Branch: "master", Set: map[string]string{"a": "2", "b": "2"}})
	wanted := config.Settings{Version: "1.0.0", Set: map[string]string{"a": "1", "b": "2"}}
	if difference := cmp.Diff(wanted, got); difference != "" {
		t.Error(difference)
	}
}

func TestAMistakeIsExplainedWithItsLine(t *testing.T) {
	_, origins, err := config.Parse("ours.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	for option, wanted := range map[string]string{"group": "ours.yaml:6: group is wrong", "jobs": "ours.yaml:12: jobs is wrong", "other": "other is wrong"} {
		if got := origins.Explain(&builder.InputError{Option: option, Reason: "is wrong"}).Error(); got != wanted {
			t.Errorf("got %q, want %q", got, wanted)
		}
	}
	other := errors.New("other")
	if got := origins.Explain(other); got != other {
		t.Errorf("got %v", got)
	}
}

func TestFilesAreFoundAndDescribed(t *testing.T) {
	directory := t.TempDir()
	for name, mode := range map[string]os.FileMode{"b/run": 0o755, "a": 0o644} {
		path := filepath.Join(directory, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte("hello"), mode)); err != nil {
			t.Fatal(err)
		}
	}
	r := builder.Recipe{Options: []builder.Option{{Name: "data", File: true}, {Name: "other"}}}
	files, err := config.ReadFiles(r, map[string][]string{"data": {directory}, "other": {"/nowhere"}}, customize.Customization{})
	if err != nil {
		t.Fatal(err)
	}
	const hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
	wanted := map[string][]builder.File{"data": {{Name: "a", SHA256: hello}, {Name: "b/run", SHA256: hello, Executable: true}}}
	if difference := cmp.Diff(wanted, files.Lists()); difference != "" {
		t.Error(difference)
	}
	reader, err := files.Open("data", wanted["data"][1])
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if content, err := io.ReadAll(reader); string(content) != "hello" || err != nil {
		t.Errorf("got %q, %v", content, err)
	}
}

func TestFilesThatCannotBeUsedAreRefused(t *testing.T) {
	r := builder.Recipe{Options: []builder.Option{{Name: "data", File: true}}}
	empty := t.TempDir()
	for path, wanted := range map[string]string{
		filepath.Join(empty, "none"): "cannot be read: ",
		empty:                        "holds no files",
		os.DevNull:                   "cannot be read: ",
	} {
		_, err := config.ReadFiles(r, map[string][]string{"data": {path}}, customize.Customization{})
		var input *builder.InputError
		if !errors.As(err, &input) || input.Option != "data" || !strings.Contains(err.Error(), wanted) {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(whole)
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, text string) {
		_, _, err := config.Parse("ours.yaml", []byte(text))
		var wrong *strictyaml.Error
		if err != nil && (!errors.As(err, &wrong) || wrong.File != "ours.yaml") {
			t.Errorf("the mistake is not placed: %v", err)
		}
	})
}
