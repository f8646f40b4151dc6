#!/bin/bash
# Converts an image of build_image to the disk format, and the configuration, of one kind of virtual machine.

source "$(dirname "$(readlink -f "$0")")/common.sh" || exit 1
restart_in_chroot_if_needed "$@"
assert_not_root_user
source "${BUILD_LIBRARY_DIR}/build_image_util.sh" || exit 1
source "${BUILD_LIBRARY_DIR}/vm_image_util.sh" || exit 1

DEFINE_string board "${DEFAULT_BOARD}"
DEFINE_string format qemu
DEFINE_string from ""
DEFINE_string disk_layout ""
DEFINE_integer mem "${IMG_DEFAULT_MEM}"
DEFINE_boolean prod_image "${FLAGS_FALSE}"
DEFINE_string to ""
DEFINE_string oem_pkg ""
parse_board_flags "$@"

set_vm_type "${FLAGS_format}" || die_notrace "Invalid format: ${FLAGS_format}"
if [[ -n ${FLAGS_oem_pkg} ]]; then
  set_vm_oem_pkg "${FLAGS_oem_pkg}" || die_notrace "Invalid oem : ${FLAGS_oem_pkg}"
fi
FLAGS_from=$(readlink -f "${FLAGS_from:-${DEFAULT_BUILD_ROOT}/images/${BOARD}/latest}")
FLAGS_to=$(readlink -f "${FLAGS_to:-${FLAGS_from}}")
if [[ -f ${FLAGS_from}/version.txt ]]; then
  source "${FLAGS_from}/version.txt"
  COREOS_VERSION_STRING=${COREOS_VERSION}
fi
if ((FLAGS_prod_image == FLAGS_TRUE)); then
  set_vm_paths "${FLAGS_from}" "${FLAGS_to}" "${COREOS_PRODUCTION_IMAGE_NAME}"
else
  set_vm_paths "${FLAGS_from}" "${FLAGS_to}" "${COREOS_DEVELOPER_IMAGE_NAME}"
fi

trap vm_cleanup EXIT
setup_disk_image "${FLAGS_disk_layout}"
install_oem_package
cleanup_mounts "${VM_TMP_ROOT}"
write_vm_disk
write_vm_conf "${FLAGS_mem}"
settle_times "${VM_GENERATED_FILES[@]}"
vm_cleanup
trap - EXIT

command_completed
info "Files written to ${FLAGS_to}"
printf ' - %s\n' "${VM_GENERATED_FILES[@]##*/}"
