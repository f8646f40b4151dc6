# Runs one step of a plan, as the first process of its container.
#
#   step NAME STATE DEFINITION CONFIG RUN SECRET [@BEFORE] [NEED[=RUN]]... -- [disk 1 MIB] [limit 1 SECONDS] [loops 0]
#        [recover|run|record|sources COUNT WORD...]...
#
# It makes sure that nobody has run it since BEFORE, or at all where that is "none"; that every step it needs is done, by the very
# run that it was planned on where that is given; and that there is room for what it makes. Then it takes down its own stamp,
# runs its commands and, as its last act, lays down a new stamp, whole or not at all. With SECRET 1 the first line of standard
# input is a verifier, to be kept in the stamp, and the commands read the rest. Exit codes of its own: 74 the disk is full,
# 75 somebody was faster, 124 the time limit came, 143 it was asked to end.
set -uo pipefail
stopped=''
trap 'stopped=1' TERM INT # until more can be done about it

name=$1 state=$2 definition=$3 config=$4 this=$5 secret=$6
shift 6
steps=$state/steps
stamp=$steps/$name.stamp
unfinished=$steps/$name.unfinished
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
late='' loops=''
signal_all() { sudo -n kill "-$1" -1 2>/dev/null || kill "-$1" -1; }
end_all() {
  stopped=1
  # Before a script tidies up: of a file that is gone nobody can tell whose it was. What is in use goes when it is not.
  # Whoever is asked to end by a client is not the only one.
  if [[ -n $loops && -n $late ]]; then detach_loops locked; elif [[ -n $loops ]]; then detach_loops; fi
  signal_all TERM
}
trap end_all TERM INT
trap 'late=1; end_all' USR1

# Runs a command while signals can be answered. Its standard input is the step's.
exec 3<&0
attend() {
  "$@" <&3 8<&- &
  local pid=$! code
  if [[ -n $stopped ]]; then signal_all TERM; fi # the signal came before this was begun
  while wait "$pid"; code=$?; [[ -d /proc/$pid ]]; do :; done
  if [[ -n $late ]]; then
    say "step $name was ended at its time limit"
    exit 124
  fi
  if [[ -n $stopped ]]; then
    say "step $name was stopped"
    exit 143
  fi
  return "$code"
}

call() {
  printf '+'
  printf ' %q' "$@"
  printf '\n'
  local code=0
  attend "$@" || code=$?
  if ((code)); then
    say "step $name failed: $1 ended with exit code $code"
    if (($(left) < 64)); then
      say_full
      exit 74
    fi
    exit "$code"
  fi
}

# What the disk that the workspace is on has left, and all of it, in MiB.
left() { df -P -BM "$state/.." | awk 'NR == 2 {print $4 + 0}'; }
size() { df -P -BM "$state/.." | awk 'NR == 2 {print $2 + 0}'; }
taken() { sudo -n du -smx "$state/.." 2>/dev/null | cut -f1; }
say_full() { say_room "the engine's disk is full"; }
say_room() {
  say "$1: $(left) MiB of $(size) MiB are left; this workspace takes $(taken) MiB." \
    "Make room on it, as with 'coreos-builder clean WORKSPACE' or 'docker system prune', then build again"
}

run_of() { sed -n 's/^run //p' "$steps/$1.stamp" 2>/dev/null; }

if [[ $1 == @* ]]; then
  run=$(run_of "$name")
  if [[ ${run:-none} != "${1#@}" ]]; then
    say "step $name was run by somebody else since this build was planned"
    exit 75
  fi
  shift
fi
after=
while [[ $1 != -- ]]; do
  need=${1%%=*}
  run=$(run_of "$need")
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

[[ -d $steps ]] || mkdir -p "$steps" || exit
if [[ ${1:-} == disk ]]; then
  if (($(left) < $3)); then
    say_room "what is to be built may take $3 MiB, and there is too little room for it"
    exit 74
  fi
  shift 3
fi

rm -f "$stamp"
recover=
if [[ -e $unfinished ]]; then recover=1; fi
: >"$unfinished" || { say_full; exit 74; }
if [[ -d $inputs ]]; then
  rm -rf "$state/inputs"
  cp -R "$inputs" "$state/inputs" || exit
fi

# In a while the step is asked to end, and made to if it does not. Whoever watches is not asked.
limit() {
  trap '' TERM INT
  sleep "$1"
  kill -USR1 1
  sleep 30
  signal_all KILL
}

# Says so, once, when room becomes scarce.
watch_disk() {
  while sleep 20; do
    if (($(left) < 1024)); then
      say "the engine's disk has $(left) MiB of $(size) MiB left"
      return
    fi
  done
}
watch_disk 8<&- &

# Where /dev is not the kernel's own, as in Docker-in-Docker, no node appears in it for a loop device that is new.
make_loop_nodes() {
  grep -q ' /dev tmpfs ' /proc/mounts || return 0
  # shellcheck disable=SC2016
  sudo -n sh -c 'for n in $(seq 0 63); do [ -e "/dev/loop$n" ] || mknod -m 0660 "/dev/loop$n" b 7 "$n" 2>/dev/null || [ -e "/dev/loop$n" ]; done'
}

# Loop devices outlive the container that attached them: those of this workspace go with the step, and what an earlier run
# has left goes before it. Steps that run side by side share a lock: the last of them lets go of all.
detach_loops() {  # [locked]
  local lock=
  if [[ -n ${1:-} ]]; then
    exec 8<&-
    lock=$state/loops.lock
  fi
  if type -P detach-loops >/dev/null; then sudo -n detach-loops "$state/.." ${lock:+"$lock"} 8<&-; fi
}
detach_at_end() { detach_loops locked; }
share_loops() {
  exec 8<"$state/loops.lock"
  flock --shared 8
}

sources=
while (($#)); do
  kind=$1 count=$2
  shift 2
  case $kind in
    limit) limit "$1" 8<&- & ;;
    loops)
      loops=1
      : >>"$state/loops.lock" || exit
      trap detach_at_end EXIT
      detach_loops locked
      share_loops || exit
      make_loop_nodes || exit
      ;;
    recover) if [[ -n $recover ]]; then call "${@:1:count}"; fi ;;
    run) call "${@:1:count}" ;;
    # The digests of results are taken where they were made. Those that could not be are taken when they are fetched.
    record) if type -P "$1" >/dev/null; then attend "${@:1:count}" || true; fi ;;
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
  echo "run ${this:-$(</proc/sys/kernel/random/uuid)}"
  echo "started $started"
  echo "finished $(date -u +%FT%T.%3NZ)"
  printf %s "$after"
  if [[ -n $sources ]]; then echo "$sources"; fi
  if [[ -n $verifier ]]; then echo "verifier $verifier"; fi
  printf 'config %s\n' "$config"
  printf 'definition %s\n' "$definition"
} >"$unfinished" || { say_full; exit 74; }
# What the step made is on the disk before the stamp says so.
sync -f "$unfinished" 2>/dev/null || sync
mv "$unfinished" "$stamp"
