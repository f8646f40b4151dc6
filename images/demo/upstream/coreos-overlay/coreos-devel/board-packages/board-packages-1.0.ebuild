EAPI=5
DESCRIPTION="Every package of a board: the images' and the OEMs'"
RDEPEND="coreos-base/coreos coreos-base/coreos-dev"
S=${WORKDIR}
