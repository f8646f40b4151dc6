# export list|tar DIRECTORY PATTERN...: the plain files of a directory whose names match one of the patterns, as a list
# of "SIZE BLOCKS TIME NAME" with a zero byte after each, or as an archive that leaves out their holes. Without any it
# ends with exit code 66.
set -euo pipefail

what=$1
cd "$2" 2>/dev/null || exit 66
shift 2
names=()
for pattern in "$@"; do names+=(-o -name "$pattern"); done
files() { find . -maxdepth 1 -type f \( "${names[@]:1}" \) -printf "$1" | LC_ALL=C sort --zero-terminated; }
[[ -n $(files . | head --bytes=1 | tr -d '\0') ]] || exit 66

case $what in
  list) files '%s %b %T@ %P\0' ;;
  tar) files '%P\0' | tar --create --null --files-from=- --sparse --format=gnu --numeric-owner ;;
esac
