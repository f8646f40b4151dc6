EAPI=5
DESCRIPTION="The user space: Debian's static busybox, and a link for each of its programs"
inherit debian

src_unpack() {
  mkdir -p "${S}"
  unpack_deb busybox-static
}

src_install() {
  local program
  into /usr
  dobin bin/busybox
  for program in $(bin/busybox --list); do
    [[ ${program} == busybox ]] || dosym busybox "/usr/bin/${program}"
  done
}
