# What build_image and image_to_vm.sh share: making an image's file systems, and taking mounts down again.

cleanup_mounts() {
  if mountpoint -q "$1"; then
    "${BUILD_LIBRARY_DIR}/disk_util" base umount "$1"
  fi
}

delete_output() {
  cleanup_mounts "$1" || true
  error "An error occurred in your build so your latest output directory is invalid."
  sudo rm -rf "${BUILD_DIR}"
  echo "Deleted ${BUILD_DIR}"
}

assert_image_size() {  # IMAGE FORMAT
  local size
  size=$(qemu-img info -f "$2" --output json "$1" | jq '.["virtual-size"]')
  ((size % (1024 * 1024) == 0)) || die_notrace "assert failed: image must be a multiple of 1 MiB (${size} B)"
}

# Installs binary packages into the image, and what they need.
emerge_to_image() {  # ROOT PACKAGE...
  PORTAGE_CONFIGROOT=${BOARD_ROOT} ROOT=$1 "emerge-${BOARD}" --usepkgonly "${@:2}"
}

write_os_release() {  # ROOT
  sudo mkdir -p "$1/usr/lib" "$1/usr/share/coreos"
  sudo_clobber "$1/usr/lib/os-release" <<EOF
NAME="CoreOS Demo"
ID=coreos-demo
VERSION=${COREOS_VERSION_STRING}
VERSION_ID=${COREOS_VERSION_ID}
BUILD_ID="${COREOS_BUILD_ID}"
PRETTY_NAME="CoreOS Demo ${COREOS_VERSION_STRING} (${FLAGS_group})"
GROUP=${FLAGS_group}
EOF
  sudo_clobber "$1/usr/share/coreos/update.conf" <<<"GROUP=${FLAGS_group}"
}

# The kernel and its configuration go to the boot partition, which is FAT: mtools writes it without a mount.
configure_boot_loader() {  # ROOT IMAGE
  local esp=$2@@$((4096 * 512)) config
  config=$(mktemp)
  cat >"${config}" <<'EOF'
SERIAL 0 115200
DEFAULT coreos
PROMPT 0
TIMEOUT 1
LABEL coreos
  KERNEL /vmlinuz
  INITRD /initrd
  APPEND root=LABEL=ROOT usr=LABEL=USR-A quiet console=tty0 console=ttyS0,115200n8
EOF
  mcopy -o -i "${esp}" "${config}" ::/syslinux/syslinux.cfg
  mcopy -o -i "${esp}" "$1/usr/boot/vmlinuz" "$1/usr/boot/initrd" ::/
  rm -f "${config}"
}

write_contents() {  # ROOT FILE
  info "Writing ${2##*/}"
  sudo find "$1" -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH}" {} +
  # How large a directory is depends on the order in which its files came.
  (cd "$1" && sudo TZ=UTC find . -type d -printf '%p\t%M %2n %-7u %-7g       - %TY-%Tm-%Td %TH:%TM %p\n' -o \
    -printf '%p\t%M %2n %-7u %-7g %7s %TY-%Tm-%Td %TH:%TM %p -> %l\n') |
    LC_ALL=C sort | cut -f2- | sed -e 's/ -> $//' >"$2"
}

write_packages() {  # ROOT FILE
  info "Writing ${2##*/}"
  (cd "$1/var/db/pkg" && find . -mindepth 2 -maxdepth 2 -type d -printf '%P::coreos\n' | sort) >"$2"
}

create_image() {  # NAME PACKAGE
  info "Building image $1"
  local disk=${BUILD_DIR}/$1 root=${BUILD_DIR}/rootfs
  # shellcheck disable=SC2064 # the root of this image
  trap "delete_output '${root}'" EXIT
  "${BUILD_LIBRARY_DIR}/disk_util" "${DISK_LAYOUT}" format "${disk}"
  assert_image_size "${disk}" raw
  mkdir -p "${root}"
  "${BUILD_LIBRARY_DIR}/disk_util" "${DISK_LAYOUT}" mount "${disk}" "${root}"
  emerge_to_image "${root}" "$2"
  write_packages "${root}" "${disk%.bin}_packages.txt"
  if [[ ${COREOS_OFFICIAL:-0} -eq 1 ]]; then
    grep -q official "${root}"/var/db/pkg/coreos-base/coreos-au-key-*/USE ||
      die_notrace "coreos-au-key is missing the 'official' use flag"
  fi
  write_os_release "${root}"
  if [[ -n ${FLAGS_developer_data} ]]; then
    sudo install -m 600 "${FLAGS_developer_data}" "${root}/usr/share/coreos/developer_data"
  fi
  write_contents "${root}" "${disk%.bin}_contents.txt"
  configure_boot_loader "${root}" "${disk}"
  cleanup_mounts "${root}"
  "${BUILD_LIBRARY_DIR}/disk_util" "${DISK_LAYOUT}" settle "${disk}"
  trap - EXIT
  rmdir "${root}"
}
