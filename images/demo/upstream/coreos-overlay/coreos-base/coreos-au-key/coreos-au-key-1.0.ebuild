EAPI=5
DESCRIPTION="The public key that updates are checked with: the official one, or the developers'"
IUSE="official"
S=${WORKDIR}

src_install() {
  insinto /usr/share/update_engine
  if use official; then
    newins "${FILESDIR}/official-v1.pub.pem" update-payload-key.pub.pem
  else
    newins "${FILESDIR}/developer-v1.pub.pem" update-payload-key.pub.pem
  fi
}
