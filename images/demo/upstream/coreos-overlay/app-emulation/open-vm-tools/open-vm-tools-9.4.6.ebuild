EAPI=5
DESCRIPTION="Stands for VMware's tools for guests, of which OEM packages call one"
S=${WORKDIR}

src_install() {
  into /usr/share/oem
  dobin "${FILESDIR}/vmware-rpctool"
}
