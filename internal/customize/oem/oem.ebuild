# The package that image_to_vm installs into the OEM partition of images for @NAME@. Raise the version in this file's name
# when you change the package: portage tells packages by their version.
EAPI=5

DESCRIPTION="OEM suite for @NAME@"
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

# The cloud-config tells the version of the package.
src_prepare() {
	sed -e "s/@@OEM_VERSION_ID@@/${PV}/g" "${FILESDIR}/cloud-config.yml" >"${T}/cloud-config.yml" || die
}

# /usr/share/oem is where the OEM partition is mounted; coreos-cloudinit reads the cloud-config there at every boot.
src_install() {
	into "/usr/share/oem"
	dobin "${FILESDIR}/coreos-setup-environment"
	dobin "${FILESDIR}/@NAME@-coreos-cloudinit"
	dobin "${FILESDIR}/@NAME@-run-startup-scripts"
	dobin "${FILESDIR}/@NAME@-ssh-key"
	insinto "/usr/share/oem"
	doins "${T}/cloud-config.yml"
}
