# For packages that are made of Debian's: the SDK keeps their .deb files, and unpack_deb unpacks one by name.

unpack_deb() {  # NAME_PATTERN
  local found=(/var/lib/debian-packages/$1_*.deb)
  [[ -e ${found[0]} ]] || die "the SDK has no Debian package $1"
  einfo "Unpacking ${found[0]##*/}"
  dpkg-deb --extract "${found[0]}" "${S}"
}
