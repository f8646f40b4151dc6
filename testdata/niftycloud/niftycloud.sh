# The .vmx that this cloud imports: like VMware's, of hardware version 8, and without USB.
_write_niftycloud_conf() {
  local file
  _write_vmx_conf "$@"
  for file in "${VM_GENERATED_FILES[@]}"; do
    if [[ ${file} == *.vmx ]]; then
      sed -i -e 's/^virtualHW.version = .*/virtualHW.version = "8"/' -e '/^usb/d' "${file}"
    fi
  done
}
