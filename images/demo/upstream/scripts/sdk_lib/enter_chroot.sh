#!/bin/bash
# Runs a command inside the SDK chroot, as the user who called sudo, with the checkout on /mnt/host/source.
# The mounts are made in this process's mount namespace, which cros_sdk made for it.

source "$(dirname "$(readlink -f "$0")")/../common.sh" || exit 1
assert_outside_chroot
assert_root_user

DEFINE_string chroot "${DEFAULT_CHROOT_DIR}"
DEFINE_string trunk "${GCLIENT_ROOT}"
DEFINE_string cache_dir ""
FLAGS "$@" || exit 1
eval set -- "${FLAGS_ARGV}"
CROS_LOG_PREFIX=cros_sdk:enter_chroot
switch_to_strict_mode
[[ -n ${FLAGS_cache_dir} ]] || die "--cache_dir is required"
chroot=${FLAGS_chroot}

setup_mount() {  # SOURCE OPTIONS TARGET
  mkdir -p "${chroot}$3"
  # shellcheck disable=SC2086 # the options are several words
  mount -n $2 "$1" "${chroot}$3"
}

setup_env() {
  flock "${chroot}/etc" install -C -m644 /etc/hosts /etc/resolv.conf "${chroot}/etc/"
  mount --make-rslave /
  setup_mount none "-t proc" /proc
  setup_mount none "-t sysfs" /sys
  setup_mount /dev --bind /dev
  setup_mount /dev/pts --bind /dev/pts
  setup_mount tmpfs "-t tmpfs -o nosuid,nodev,mode=755" /run
  setup_mount "${FLAGS_trunk}" --rbind "${CHROOT_TRUNK_DIR}"
  install -o "${SUDO_UID}" -g "${SUDO_GID}" -d "${FLAGS_cache_dir}"/distfiles/{target,host}
  setup_mount "${FLAGS_cache_dir}" --bind /var/cache/chromeos-cache
}
setup_env

passed=("EXTERNAL_TRUNK_PATH=${FLAGS_trunk}")
for name in GIT_AUTHOR_EMAIL GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL GIT_COMMITTER_NAME GIT_PROXY_COMMAND GIT_SSH \
  SSH_AUTH_SOCK USE all_proxy ftp_proxy http_proxy https_proxy no_proxy; do
  if [[ -v ${name} ]]; then
    passed+=("${name}=${!name}")
  fi
done

if [[ ! -x ${chroot}/usr/bin/sudo ]]; then
  error "Failing since the chroot lacks sudo."
  error "Requested enter_chroot command was: $*"
  exit 127
fi
exec chroot "${chroot}" sudo -i -u "${SUDO_USER}" "${passed[@]}" "$@"
