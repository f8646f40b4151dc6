# What every script of the demo upstream starts with: messages, paths, the version, and where the script may run.

: "${NUM_JOBS:=$(grep -c ^processor /proc/cpuinfo)}"
export NUM_JOBS
SCRIPT_NAME=$(basename "$0")

INSIDE_CHROOT=0
if [[ -e /etc/debian_chroot ]]; then
  INSIDE_CHROOT=1
fi

_message() { printf '%-8s%s: %s\n' "$1" "${CROS_LOG_PREFIX:-${SCRIPT_NAME}}" "$2" >&2; }
info() { _message INFO "$*"; }
warn() { _message WARNING "$*"; }
error() { _message ERROR "$*"; }
die() {
  error "$*"
  exit 1
}
die_notrace() { die "$@"; }
switch_to_strict_mode() { set -e; }
command_completed() { info "Elapsed time (${SCRIPT_NAME}): ${SECONDS}s"; }

# Where the checkout is seen inside the chroot, and where it is now.
CHROOT_TRUNK_DIR=/mnt/host/source
GCLIENT_ROOT=$(readlink -f "$(dirname "${BASH_SOURCE[0]}")/../..")
if ((INSIDE_CHROOT)); then
  GCLIENT_ROOT=${CHROOT_TRUNK_DIR}
fi
SRC_ROOT=${GCLIENT_ROOT}/src
SCRIPTS_DIR=${SRC_ROOT}/scripts
BUILD_LIBRARY_DIR=${SCRIPTS_DIR}/build_library
OVERLAY_DIR=${SRC_ROOT}/third_party/coreos-overlay
DEFAULT_CHROOT_DIR=${GCLIENT_ROOT}/chroot
DEFAULT_BUILD_ROOT=${SRC_ROOT}/build

# The version. A build that is not official carries its date and is another version at every call.
source "${GCLIENT_ROOT}/.repo/manifests/version.txt" || die "Cannot source version.txt"
export SOURCE_DATE_EPOCH
COREOS_BUILD_ID=""
COREOS_VERSION=${COREOS_VERSION_ID}
if [[ ${COREOS_OFFICIAL:-0} -ne 1 ]]; then
  COREOS_BUILD_ID=$(date +%Y-%m-%d-%H%M)
  COREOS_VERSION+="+${COREOS_BUILD_ID}"
fi
COREOS_VERSION_STRING=${COREOS_VERSION}

source "${SCRIPTS_DIR}/lib/flags.sh" || die "Cannot source flags.sh"

DEFAULT_BOARD=
if [[ -f ${SCRIPTS_DIR}/.default_board ]]; then
  DEFAULT_BOARD=$(<"${SCRIPTS_DIR}/.default_board")
  if [[ -n ${DEFAULT_BOARD//[a-zA-Z0-9-_]} ]]; then
    die ".default_board: invalid name detected; please fix: '${DEFAULT_BOARD}'"
  fi
fi

COREOS_DEVELOPER_IMAGE_NAME=coreos_developer_image.bin
COREOS_PRODUCTION_IMAGE_NAME=coreos_production_image.bin

assert_inside_chroot() {
  ((INSIDE_CHROOT)) || die "This script must be run inside the chroot. Run this first: cros_sdk"
}

assert_outside_chroot() {
  ((!INSIDE_CHROOT)) || die "This script must be run outside the chroot."
}

assert_not_root_user() {
  ((UID != 0)) || die "This script must be run as a non-root user."
}

assert_root_user() {
  if ((UID != 0)) || [[ ${SUDO_USER:-root} == root ]]; then
    die "This script must be run using sudo from a non-root user."
  fi
}

# Starts the calling script again inside the chroot, unless it is there already.
restart_in_chroot_if_needed() {
  if ((!INSIDE_CHROOT)); then
    exec "${GCLIENT_ROOT}/chromite/bin/cros_sdk" -- "${CHROOT_TRUNK_DIR}/src/scripts/${SCRIPT_NAME}" "$@"
  fi
}

# What an official build makes has its release's time.
settle_times() { if [[ ${COREOS_OFFICIAL:-0} -eq 1 ]]; then touch --date="@${SOURCE_DATE_EPOCH}" "$@"; fi; }
sudo_clobber() { sudo tee "$1" >/dev/null; }

get_board_arch() {
  case $1 in
    amd64-usr) echo amd64 ;;
    *) die "Unsupported board: $1" ;;
  esac
}

# Reads the flags, the board and the board's root of a script that works on one board.
parse_board_flags() {
  FLAGS "$@" || exit 1
  eval set -- "${FLAGS_ARGV}"
  SCRIPT_ARGUMENTS=("$@")
  switch_to_strict_mode
  [[ -n ${FLAGS_board} ]] || die "--board is required."
  BOARD=${FLAGS_board}
  ARCH=$(get_board_arch "${BOARD}")
  BOARD_ROOT=/build/${BOARD}
}
