EAPI=5
DESCRIPTION="Debian's kernel for virtual machines, the modules it needs there, and an initramfs"
inherit debian

# Disks and networks of QEMU and VMware, and what the boot partition is read with.
MODULES="virtio_pci virtio_blk virtio_scsi virtio_net vmw_pvscsi vmxnet3 sd_mod ata_piix vfat nls_ascii nls_cp437"

src_unpack() {
  mkdir -p "${S}"
  unpack_deb 'linux-image-[0-9]*'
  unpack_deb busybox-static
}

src_compile() {
  local root=${T}/initramfs module path
  version=$(basename "${S}"/lib/modules/*)
  depmod --basedir "${S}" "${version}"
  for module in ${MODULES}; do
    modprobe --dirname "${S}" --set-version "${version}" --show-depends "${module}"
  done | awk '$1 == "insmod" && !seen[$2]++ {print $2}' >"${T}/modules"
  mkdir -p "${root}"/{bin,modules,dev,proc,sys,sysroot}
  cp bin/busybox "${root}/bin/"
  install -m 755 "${FILESDIR}/init" "${root}/init"
  while read -r path; do
    cp "${path}" "${root}/modules/"
    basename "${path}" >>"${root}/modules/order"
  done <"${T}/modules"
  find "${root}" -exec touch --no-dereference --date=@0 {} + # the same twice
  (cd "${root}" && find . | LC_ALL=C sort | cpio --quiet --reproducible -o -H newc | gzip --no-name) >"${T}/initrd"
}

src_install() {
  local path
  insinto /usr/boot
  newins boot/vmlinuz-* vmlinuz
  doins "${T}/initrd"
  while read -r path; do
    insinto "/usr/$(dirname "${path#"${S}/"}")"
    doins "${path}"
  done <"${T}/modules"
  insinto "/usr/lib/modules/${version}"
  doins "${S}/lib/modules/${version}"/modules.{order,builtin,builtin.modinfo}
  depmod --basedir "${D}/usr" "${version}"
}
