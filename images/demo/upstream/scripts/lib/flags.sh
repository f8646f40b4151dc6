# Command line flags for the scripts, in the manner of shflags: DEFINE_string, DEFINE_boolean and DEFINE_integer
# declare FLAGS_<name>; FLAGS reads the command line. What is no flag is left in FLAGS_ARGV, each word between single
# quotes, for the caller to eval: a word that holds a single quote breaks it, as it does with the real shflags.

FLAGS_TRUE=0
FLAGS_FALSE=1
FLAGS_ARGV=
_flags=" "

_define() {  # TYPE NAME DEFAULT
  _flags+="$2:$1 "
  printf -v "FLAGS_$2" %s "$3"
}

DEFINE_string() { _define string "$1" "$2"; }
DEFINE_integer() { _define integer "$1" "$2"; }
DEFINE_boolean() { _define boolean "$1" "$2"; }

_flags_fatal() {
  echo "flags:FATAL $*" >&2
  return 2
}

_is_flag() { [[ ${_flags} == *" $1:$2 "* ]]; }

FLAGS() {
  local name value
  while (($#)); do
    case $1 in
      --) shift; break ;;
      --*=*) name=${1%%=*} name=${name#--} value=${1#*=} ;;
      --*)
        name=${1#--}
        if _is_flag "${name}" boolean; then
          value=true
        elif [[ ${name} == no* ]] && _is_flag "${name#no}" boolean; then
          name=${name#no} value=false
        elif (($# > 1)); then
          value=$2
          shift
        else
          _flags_fatal "option '$1' requires an argument or is not known" || return
        fi ;;
      *) FLAGS_ARGV+="${FLAGS_ARGV:+ }'$1'"; shift; continue ;;
    esac
    shift
    _set_flag "${name}" "${value}" || return
  done
  for value in "$@"; do
    FLAGS_ARGV+="${FLAGS_ARGV:+ }'${value}'"
  done
}

_set_flag() {  # NAME VALUE
  if _is_flag "$1" boolean; then
    case $2 in
      true | t | 0) printf -v "FLAGS_$1" %s "${FLAGS_TRUE}" ;;
      false | f | 1) printf -v "FLAGS_$1" %s "${FLAGS_FALSE}" ;;
      *) _flags_fatal "invalid boolean value (--$1=$2)" ;;
    esac
  elif _is_flag "$1" integer; then
    [[ $2 =~ ^-?[0-9]+$ ]] || _flags_fatal "invalid integer value (--$1=$2)" || return
    printf -v "FLAGS_$1" %s "$2"
  elif _is_flag "$1" string; then
    printf -v "FLAGS_$1" %s "$2"
  else
    _flags_fatal "unrecognized option '--$1'"
  fi
}
