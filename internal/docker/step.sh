# Runs one step of a plan, as the first process of its container.
#
#   step NAME STATE DEFINITION CONFIG SECRET [NEED[=RUN]]... -- [loops 0] [recover|run|sources COUNT WORD...]...
#
# It makes sure that every step it needs is done, by the very run that it was planned on where that is given; takes
# down its own stamp; runs its commands; and, as its last act, lays down a new stamp, whole or not at all. With SECRET
# 1 the first line of standard input is a verifier, to be kept in the stamp, and the commands read the rest.
set -uo pipefail

name=$1 state=$2 definition=$3 config=$4 secret=$5
shift 5
steps=$state/steps
stamp=$steps/$name.stamp
inputs=/var/tmp/coreos-builder-inputs
started=$(date -u +%FT%T.%3NZ)

# Some engines let a process open a billion files, and the Python 2 and the sudo of 2014 close every one that could be
# open before they start a program: minutes each time. More than this no build opens.
files=$(ulimit -n)
if [[ $files == unlimited ]] || ((files > 65536)); then
  ulimit -n 65536
fi

say() { printf 'coreos-builder: %s\n' "$*" >&2; }

# A signal asks every process of the step to end, whoever it runs as; then the step ends as one that was stopped.
stopped=
end_all() {
  stopped=1
  sudo -n kill -TERM -1 2>/dev/null || kill -TERM -1
}
trap end_all TERM INT

# Runs a command while signals can be answered. Its standard input is the step's.
exec 3<&0
call() {
  printf '+'
  printf ' %q' "$@"
  printf '\n'
  "$@" <&3 &
  local pid=$! code
  if [[ -n $stopped ]]; then end_all; fi # the signal came before this was begun
  while wait "$pid"; code=$?; [[ -d /proc/$pid ]]; do :; done
  if [[ -n $stopped ]]; then
    say "step $name was stopped"
    exit 143
  fi
  if ((code)); then
    say "step $name failed: $1 ended with exit code $code"
    exit "$code"
  fi
}

after=
while [[ $1 != -- ]]; do
  need=${1%%=*}
  run=$(sed -n 's/^run //p' "$steps/$need.stamp" 2>/dev/null)
  if [[ -z $run || ($1 == *=* && $run != "${1#*=}") ]]; then
    say "step $need was run again, or undone, since this build was planned: build again"
    exit 75
  fi
  after+="after $need $run"$'\n'
  shift
done
shift

verifier=
if ((secret)); then
  IFS= read -r verifier <&3 || { say "the secret did not arrive"; exit 75; }
fi

mkdir -p "$steps" || exit
rm -f "$stamp"
recover=
if [[ -e $steps/$name.unfinished ]]; then recover=1; fi
: >"$steps/$name.unfinished"
if [[ -d $inputs ]]; then
  rm -rf "$state/inputs"
  cp -R "$inputs" "$state/inputs" || exit
fi

# Where /dev is not the kernel's own, as in Docker-in-Docker, no node appears in it for a loop device that is new.
make_loop_nodes() {
  grep -q ' /dev tmpfs ' /proc/mounts || return 0
  # shellcheck disable=SC2016
  sudo -n sh -c 'for n in $(seq 0 63); do [ -e "/dev/loop$n" ] || mknod -m 0660 "/dev/loop$n" b 7 "$n"; done'
}

sources=
while (($#)); do
  kind=$1 count=$2
  shift 2
  case $kind in
    loops) make_loop_nodes || exit ;;
    recover) if [[ -n $recover ]]; then call "${@:1:count}"; fi ;;
    run) call "${@:1:count}" ;;
    sources)
      sources=$("${@:1:count}" | sed 's/^/source /') || {
        say "step $name failed: it cannot be told what revisions were fetched"
        exit 1
      } ;;
  esac
  shift "$count"
done

{
  echo "step $name"
  echo "run $(</proc/sys/kernel/random/uuid)"
  echo "started $started"
  echo "finished $(date -u +%FT%T.%3NZ)"
  printf %s "$after"
  if [[ -n $sources ]]; then echo "$sources"; fi
  if [[ -n $verifier ]]; then echo "verifier $verifier"; fi
  printf 'config %s\n' "$config"
  printf 'definition %s\n' "$definition"
} >"$stamp.part" || exit
# What the step made is on the disk before the stamp says so.
sync -f "$stamp.part" 2>/dev/null || sync
mv "$stamp.part" "$stamp" && rm -f "$steps/$name.unfinished"
