package customize

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/coreos-builder/coreos-builder/builder"
)

// Format is a virtual machine format: the variables IMG_NAME_… of scripts, build_library/vm_image_util.sh, by the names
// that they have there.
type Format struct {
	// From is the format that this one is like where it says nothing else.
	From           string `yaml:"from"`
	PartitionedImg string `yaml:"partitioned_img" var:"PARTITIONED_IMG"`
	BootKernel     string `yaml:"boot_kernel" var:"BOOT_KERNEL"`
	BundleFormat   string `yaml:"bundle_format" var:"BUNDLE_FORMAT"`
	DiskFormat     string `yaml:"disk_format" var:"DISK_FORMAT"`
	DiskLayout     string `yaml:"disk_layout" var:"DISK_LAYOUT"`
	ConfFormat     string `yaml:"conf_format" var:"CONF_FORMAT"`
	FSHook         string `yaml:"fs_hook" var:"FS_HOOK"`
	Mem            string `yaml:"mem" var:"MEM"`
	OEMPackage     string `yaml:"oem_package" var:"OEM_PACKAGE"`
	OEMUse         string `yaml:"oem_use" var:"OEM_USE"`
	OEMACI         string `yaml:"oem_aci" var:"OEM_ACI"`
	CPUs           string `yaml:"cpus" var:"CPUS"`
	// Functions is a file of bash functions that upstream calls by name: _write_NAME_disk, _write_NAME_conf,
	// _run_NAME_fs_hook or _write_NAME_bundle.
	Functions string `yaml:"functions"`
}

var (
	formatName  = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	formatValue = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.:+-]*$`)
)

// formats is the one file that is added to vm_image_util.sh.
func (c Customization) formats(r builder.Recipe) ([]Input, error) {
	var script bytes.Buffer
	for _, name := range sorted(c.Formats) {
		format := c.Formats[name]
		if err := format.check(name, r); err != nil {
			return nil, err
		}
		if err := format.write(&script, name); err != nil {
			return nil, err
		}
	}
	if script.Len() == 0 {
		return nil, nil
	}
	return []Input{{Content: script.Bytes()}}, nil
}

func (f Format) check(name string, r builder.Recipe) error {
	wrong := func(reason string) error {
		return &builder.InputError{Option: formatsOption, Value: name, Reason: reason}
	}
	if !formatName.MatchString(name) {
		return wrong("is not a name of lower case letters, digits and _, beginning with a letter")
	}
	i := slices.IndexFunc(r.Options, func(o builder.Option) bool { return o.Name == formatOption })
	if f.From != "" && (i < 0 || !slices.Contains(r.Options[i].Values, f.From)) {
		return wrong(fmt.Sprintf("is from %q, which recipe %s does not know", f.From, r.Name))
	}
	for variable, value := range f.variables() {
		if value != "" && !formatValue.MatchString(value) {
			return wrong(fmt.Sprintf("has the %s %q, which is more than letters, digits, _, ., :, + and -", strings.ToLower(variable), value))
		}
	}
	return nil
}

// variables are the values by upstream's variables.
func (f Format) variables() map[string]string {
	values := map[string]string{}
	for i := range reflect.TypeFor[Format]().NumField() {
		if variable := reflect.TypeFor[Format]().Field(i).Tag.Get("var"); variable != "" {
			values[variable] = reflect.ValueOf(f).Field(i).String()
		}
	}
	return values
}

// write writes what defines a format, in bash: nothing in it was not checked.
func (f Format) write(script *bytes.Buffer, name string) error {
	variables := f.variables()
	fmt.Fprintf(script, "\n## %s\nVALID_IMG_TYPES+=( %s )\n", name, name)
	if f.From != "" {
		fmt.Fprintf(script, "for _option in %s; do\n", strings.Join(sorted(variables), " "))
		fmt.Fprintf(script, "  _from=IMG_%s_${_option}\n", f.From)
		fmt.Fprintf(script, "  if [[ -n ${!_from+x} ]]; then printf -v \"IMG_%s_${_option}\" %%s \"${!_from}\"; fi\ndone\n", name)
	}
	for _, variable := range sorted(variables) {
		if variables[variable] != "" {
			fmt.Fprintf(script, "IMG_%s_%s=%s\n", name, variable, variables[variable])
		}
	}
	if oem, ok := strings.CutPrefix(f.OEMPackage, "oem-"); ok {
		fmt.Fprintf(script, "VALID_OEM_PACKAGES+=( %s )\n", oem)
	}
	if f.Functions == "" {
		return nil
	}
	content, err := os.ReadFile(f.Functions)
	if err != nil {
		return unreadable(formatsOption, f.Functions, err)
	}
	fmt.Fprintf(script, "\n%s\n", bytes.TrimSpace(content))
	return nil
}
