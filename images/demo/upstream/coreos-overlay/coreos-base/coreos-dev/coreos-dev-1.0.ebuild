EAPI=5
DESCRIPTION="What a developer image holds on top of a production one"
RDEPEND="coreos-base/coreos"
S=${WORKDIR}

src_install() {
  insinto /usr/share/coreos
  echo "This is a developer image." >"${T}/developer"
  doins "${T}/developer"
}
