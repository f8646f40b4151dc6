EAPI=5
DESCRIPTION="Directories, links and system accounts of the root file system"
S=${WORKDIR}

src_install() {
  dodir /usr/{bin,lib,share/oem,share/coreos,boot} /etc /var/{log,tmp,lib} /home/core /root /proc /sys /dev /run /tmp /boot
  dosym usr/bin /bin
  dosym usr/bin /sbin
  dosym usr/lib /lib
  dosym usr/lib /lib64
  dosym bin /usr/sbin
  dosym ../usr/lib/os-release /etc/os-release
  dosym /run/resolv.conf /etc/resolv.conf
  insinto /etc
  doins "${FILESDIR}"/{passwd,group,shadow,profile,issue,hosts,inittab}
  fperms 600 /etc/shadow
  fperms 1777 /tmp
}
