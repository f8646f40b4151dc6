EAPI=5
DESCRIPTION="What runs once at boot: mounts, host name, network, and the user data of the image"
S=${WORKDIR}

src_install() {
  exeinto /usr/lib/coreos
  doexe "${FILESDIR}"/{boot,network-event}
  insinto /usr/share/coreos
  doins "${FILESDIR}/release"
}
