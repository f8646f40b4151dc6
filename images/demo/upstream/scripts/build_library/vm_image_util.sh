# The virtual machine formats: for each type, IMG_<type>_<option>; where it is not set, IMG_DEFAULT_<option>.
# shellcheck disable=SC2034 # read by name

VALID_IMG_TYPES=(
  qemu
  raw
  vmware
)

# Names of OEM packages, minus the oem- prefix.
VALID_OEM_PACKAGES=(
  vmware
)

IMG_DEFAULT_OEM_PACKAGE=
IMG_DEFAULT_DISK_FORMAT=raw
IMG_DEFAULT_DISK_LAYOUT=base
IMG_DEFAULT_CONF_FORMAT=
IMG_DEFAULT_MEM=1024

## qemu
IMG_qemu_DISK_FORMAT=qcow2
IMG_qemu_DISK_LAYOUT=vm
IMG_qemu_CONF_FORMAT=qemu

## raw
IMG_raw_DISK_LAYOUT=vm

## vmware
IMG_vmware_DISK_FORMAT=vmdk_scsi
IMG_vmware_DISK_LAYOUT=vm
IMG_vmware_CONF_FORMAT=vmx
IMG_vmware_OEM_PACKAGE=oem-vmware

VM_IMG_TYPE=DEFAULT
VM_GENERATED_FILES=()
IMG_FORCE_OEM_PACKAGE=

set_vm_type() {
  local valid
  for valid in "${VALID_IMG_TYPES[@]}"; do
    if [[ $1 == "${valid}" ]]; then
      VM_IMG_TYPE=$1
      return 0
    fi
  done
  return 1
}

set_vm_oem_pkg() {
  local valid
  for valid in "${VALID_OEM_PACKAGES[@]}"; do
    if [[ $1 == "${valid}" ]]; then
      IMG_FORCE_OEM_PACKAGE=oem-$1
      return 0
    fi
  done
  return 1
}

_get_vm_opt() {
  local force=IMG_FORCE_$1 type=IMG_${VM_IMG_TYPE}_$1 default=IMG_DEFAULT_$1
  echo "${!force:-${!type:-${!default}}}"
}

_disk_ext() {
  case $(_get_vm_opt DISK_FORMAT) in
    raw) echo bin ;;
    qcow2) echo img ;;
    vmdk_*) echo vmdk ;;
    *) _get_vm_opt DISK_FORMAT ;;
  esac
}

set_vm_paths() {  # FROM TO SOURCE_NAME
  VM_SRC_IMG=$1/$3
  [[ -f ${VM_SRC_IMG} ]] || die "Source image does not exist: ${VM_SRC_IMG}"
  VM_BASE=$2/${3%_image.bin}_${VM_IMG_TYPE}
  VM_DST_IMG=${VM_BASE}_image.$(_disk_ext)
  VM_TMP_DIR=${VM_DST_IMG}.vmtmpdir
  VM_TMP_IMG=${VM_TMP_DIR}/disk_image.bin
  VM_TMP_ROOT=${VM_TMP_DIR}/rootfs
  VM_NAME=$(basename "${VM_BASE}")-${COREOS_VERSION_STRING}
  VM_NAME=${VM_NAME//[.+]/-}
}

setup_disk_image() {  # [DISK_LAYOUT]
  VM_LAYOUT=${1:-$(_get_vm_opt DISK_LAYOUT)}
  sudo rm -rf "${VM_TMP_DIR}"
  mkdir -p "${VM_TMP_ROOT}"
  info "Initializing new disk image..."
  cp --sparse=always "${VM_SRC_IMG}" "${VM_TMP_IMG}"
  "${BUILD_LIBRARY_DIR}/disk_util" "${VM_LAYOUT}" update "${VM_TMP_IMG}"
  assert_image_size "${VM_TMP_IMG}" raw
  info "Mounting image to ${VM_TMP_ROOT##*/images/}"
  "${BUILD_LIBRARY_DIR}/disk_util" "${VM_LAYOUT}" mount "${VM_TMP_IMG}" "${VM_TMP_ROOT}"
  grep -q ^GROUP= "${VM_TMP_ROOT}/usr/share/coreos/update.conf" ||
    die "Unable to determine update group for this image."
}

install_oem_package() {
  local package temporary=${VM_TMP_DIR}/oem
  package=$(_get_vm_opt OEM_PACKAGE)
  [[ -n ${package} ]] || return 0
  info "Installing ${package} to OEM partition"
  ROOT=${temporary} "emerge-${BOARD}" --usepkg "coreos-base/${package}"
  sudo cp -a "${temporary}/usr/share/oem/." "${VM_TMP_ROOT}/usr/share/oem/"
  sudo rm -rf "${temporary}"
}

write_vm_disk() {
  local format
  "${BUILD_LIBRARY_DIR}/disk_util" "${VM_LAYOUT}" settle "${VM_TMP_IMG}"
  format=$(_get_vm_opt DISK_FORMAT)
  info "Writing ${format} image ${VM_DST_IMG##*/}"
  "_write_${format}_disk" "${VM_TMP_IMG}" "${VM_DST_IMG}"
  VM_GENERATED_FILES+=("${VM_DST_IMG}")
}

_write_raw_disk() { mv "$1" "$2"; }

_write_qcow2_disk() {
  qemu-img convert -f raw "$1" -O qcow2 -o compat=0.10 "$2"
  assert_image_size "$2" qcow2
}

_write_vmdk_scsi_disk() {
  qemu-img convert -f raw "$1" -O vmdk -o adapter_type=lsilogic "$2"
  settle_content_id "$2"
  assert_image_size "$2" vmdk
}

# The content id of a VMDK is random, and its line as long as the number happens to be; nothing but a snapshot asks for it.
settle_content_id() {  # VMDK
  local first sectors
  read -r first sectors < <(od --address-radix=n --format=u8 --skip-bytes=28 --read-bytes=16 "$1")
  dd if="$1" skip="${first}" count="${sectors}" status=none | tr --delete '\0' | sed 's/^CID=.*/CID=20141202/' |
    dd of="$1" bs=$((sectors * 512)) seek=$((first * 512)) iflag=fullblock oflag=seek_bytes conv=notrunc,sync status=none
}

write_vm_conf() {  # MEMORY_IN_MB
  local format
  format=$(_get_vm_opt CONF_FORMAT)
  [[ -n ${format} ]] || return 0
  info "Writing ${format} configuration"
  "_write_${format}_conf" "$@"
}

_write_qemu_conf() {
  local script=${VM_BASE}.sh
  cat >"${script}" <<EOF
#!/bin/sh
# Starts ${VM_NAME}. Arguments are passed to QEMU: -nographic puts the serial console on this terminal.
# It boots in seconds without KVM too, which not every /dev/kvm does; ACCEL=kvm asks for it.
cd "\$(dirname "\$0")" || exit 1
exec qemu-system-x86_64 -name ${VM_NAME} -accel "\${ACCEL:-tcg}" -m $1 \\
  -drive if=virtio,format=qcow2,file=${VM_DST_IMG##*/} -nic user,model=virtio-net-pci "\$@"
EOF
  chmod +x "${script}"
  VM_GENERATED_FILES+=("${script}")
}

_write_vmx_conf() {
  cat >"${VM_BASE}.vmx" <<EOF
.encoding = "UTF-8"
config.version = "8"
virtualHW.version = "7"
displayName = "${VM_NAME}"
guestOS = "other26xlinux-64"
memsize = "$1"
ethernet0.present = "TRUE"
ethernet0.virtualDev = "vmxnet3"
ethernet0.addressType = "generated"
scsi0.present = "TRUE"
scsi0.virtualDev = "pvscsi"
scsi0:0.present = "TRUE"
scsi0:0.fileName = "${VM_DST_IMG##*/}"
serial0.present = "TRUE"
pciBridge0.present = "TRUE"
EOF
  VM_GENERATED_FILES+=("${VM_BASE}.vmx")
}

vm_cleanup() {
  cleanup_mounts "${VM_TMP_ROOT}"
  sudo rm -rf "${VM_TMP_DIR}"
}
