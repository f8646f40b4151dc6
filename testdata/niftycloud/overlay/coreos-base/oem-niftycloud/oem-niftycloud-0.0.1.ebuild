# Copyright of whoever writes it. Distributed under the terms of the Apache License 2.0.
EAPI=5

DESCRIPTION="OEM suite for NIFTY Cloud"
HOMEPAGE=""
SRC_URI=""

LICENSE="Apache-2.0"
SLOT="0"
KEYWORDS="amd64"
IUSE=""

# It puts vmware-rpctool, which the scripts call, below /usr/share/oem.
RDEPEND="app-emulation/open-vm-tools"

# There is nothing to unpack: all files come with the ebuild.
S="${WORKDIR}"

src_prepare() {
	sed -e "s/@@OEM_VERSION_ID@@/${PV}/g" "${FILESDIR}/cloud-config.yml" >"${T}/cloud-config.yml" || die
}

src_install() {
	into "/usr/share/oem"
	dobin "${FILESDIR}/coreos-setup-environment"
	dobin "${FILESDIR}/niftycloud-coreos-cloudinit"
	dobin "${FILESDIR}/niftycloud-run-startup-scripts"
	dobin "${FILESDIR}/niftycloud-ssh-key"
	insinto "/usr/share/oem"
	doins "${T}/cloud-config.yml"
}
