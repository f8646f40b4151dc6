#!/bin/bash
# Makes the SDK chroot from a tarball, in place: a run that is cut short leaves a directory that looks like a chroot.

source "$(dirname "$(readlink -f "$0")")/../common.sh" || exit 1
assert_outside_chroot
assert_root_user

DEFINE_string chroot "${DEFAULT_CHROOT_DIR}"
DEFINE_boolean usepkg "${FLAGS_TRUE}"
DEFINE_boolean getbinpkg "${FLAGS_TRUE}"
DEFINE_boolean delete "${FLAGS_FALSE}"
DEFINE_boolean replace "${FLAGS_FALSE}"
DEFINE_string stage3_path ""
DEFINE_string cache_dir ""
FLAGS "$@" || exit 1
CROS_LOG_PREFIX=cros_sdk:make_chroot
switch_to_strict_mode
umask 022
chroot=${FLAGS_chroot}
state=${chroot}/etc/debian_chroot

unpack() {
  info "Unpacking STAGE3..."
  local decompress
  case ${FLAGS_stage3_path} in
    *.tbz2 | *.tar.bz2) decompress=$(type -p lbzip2 || echo bzip2) ;;
    *.tar.xz) decompress=xz ;;
    *) die "Unknown tarball compression: ${FLAGS_stage3_path}" ;;
  esac
  set -o pipefail
  "${decompress}" -dc "${FLAGS_stage3_path}" | tar -xp -C "${chroot}"
}

# The user of the host, with the same ids, and sudo without a password inside.
init_user() {
  info "Adding user ${SUDO_USER}..."
  local group
  group=$(getent group "${SUDO_GID}" | cut -d: -f1)
  [[ -n ${group} ]] || die "Looking up gid ${SUDO_GID} failed."
  chroot "${chroot}" groupadd -o -g "${SUDO_GID}" "${group}"
  chroot "${chroot}" useradd -o -g "${SUDO_GID}" -u "${SUDO_UID}" -s /bin/bash -m "${SUDO_USER}"
  echo "${SUDO_USER} ALL=NOPASSWD: ALL" >"${chroot}/etc/sudoers.d/90_cros"
  chmod 0440 "${chroot}/etc/sudoers.d/90_cros"
}

init_home() {
  local home=${chroot}/home/${SUDO_USER}
  ln -sfT "${CHROOT_TRUNK_DIR}" "${home}/trunk"
  echo "export PATH=${CHROOT_TRUNK_DIR}/chromite/bin:\${PATH}:/usr/sbin:/sbin" >>"${home}/.bash_profile"
  # shellcheck disable=SC2016 # it is for the shell inside
  echo 'cd ${CHROOT_CWD:-~/trunk/src/scripts}' >>"${home}/.bash_profile"
  chown -R "${SUDO_UID}:${SUDO_GID}" "${home}"
}

if ((FLAGS_delete == FLAGS_TRUE || FLAGS_replace == FLAGS_TRUE)); then
  info "Deleting ${chroot}..."
  rm -rf "${chroot}"
  ((FLAGS_delete == FLAGS_FALSE)) || exit 0
fi
[[ -n ${FLAGS_cache_dir} ]] || die "--cache_dir is required"
[[ -f ${FLAGS_stage3_path} ]] || die "Invalid stage3!"

mkdir -p "${chroot}"
if [[ -f ${state} ]]; then
  info "STAGE3 already set up.  Skipping..."
else
  unpack
  init_user
  init_home
fi
echo "STAGE3=${FLAGS_stage3_path}" >"${state}"

"${SCRIPTS_DIR}/sdk_lib/enter_chroot.sh" --cache_dir "${FLAGS_cache_dir}" --chroot "${chroot}" -- \
  "${CHROOT_TRUNK_DIR}/src/scripts/update_chroot"
command_completed
info "All set up.  To enter the chroot, run: cros_sdk --enter"
