EAPI=5
DESCRIPTION="Everything that a production image holds"
RDEPEND="sys-apps/baselayout sys-apps/busybox sys-kernel/coreos-kernel coreos-base/coreos-init coreos-base/coreos-au-key"
S=${WORKDIR}
