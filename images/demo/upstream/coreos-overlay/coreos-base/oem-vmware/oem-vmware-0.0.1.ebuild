EAPI=5
DESCRIPTION="OEM suite for VMware"
S=${WORKDIR}

src_prepare() {
  sed -e "s/@@OEM_VERSION_ID@@/${PV}/g" "${FILESDIR}/cloud-config.yml" >"${T}/cloud-config.yml"
}

src_install() {
  insinto /usr/share/oem
  doins "${T}/cloud-config.yml"
}
