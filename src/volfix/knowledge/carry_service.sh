# Moves $1, mounted at /from, into the volume $2, at /to, once. Nothing in $1 is changed. /mark remembers what was moved.
# $3: where the image has files of its own for the volume. The names after it stay in $1: they are mounted by themselves.
set -eu
export LC_ALL=C
source=$1 volume=$2 image=$3 copy=/to/.volfix-copy gate=/to/.volfix-gate
shift 3
for name; do shift; set -- "$@" -path "./$name" -prune -o; done
fail() { echo "volfix: $*" >&2; exit 1; }
stats() (cd "$1" && format=$2 && shift 2 && find . "$@" -exec stat -c "$format" {} +)
dates() { stats /from '%s %y %z %N' "$@" ! -type d || fail "$source cannot be read. Let root read it, then deploy again"; }
sums() (cd "$1" && shift && find . "$@" -type f -exec sha256sum {} + && stats . '%F %N' "$@" ! -type f ! -type d)
more() { sort -u "$1" >one && sort one "$2" "$2" >two && uniq -u two; } # the lines of $1 that $2 has not
clear() { find "$copy" -mindepth 1 -maxdepth 1 -exec rm -rf {} +; }
held() { # what /to holds, but for what the image or an unfinished copy put there
  set --
  [ ! -d "$copy" ] || set -- -path './.volfix-*' -prune -o -type l -o
  stats /to '%s %N' "$@" ! -type d >there && stats "$image" '%s %N' ! -type d >own && found=$(more there own) || return
  if [ -z "$found" ]; then sums /to "$@" >there && sums "$image" >own && found=$(more there own) || return; fi
  echo "$found"
}
choose="To keep $volume, move $source away. To have $source instead: volfix carry --replace --write"

cd /mark
mkdir -p "$image"
dates "$@" >now
if [ ! -s moved ]; then
  if [ ! -s now ]; then
    [ ! -d "$copy" ] || fail "$source is empty, and $volume has half of it. Put its files back, then deploy again"
    exit 0
  fi
  held=$(held)
  [ -z "$held" ] || fail "$volume holds other data than $source. $choose"
  # Each name in /to leads through a closed gate, so that no server starts on half a copy. It opens for all at once.
  mkdir -p "$copy"
  clear
  find /to -mindepth 1 -maxdepth 1 ! -path "$copy" -exec rm -rf {} +
  echo closed >"$gate"
  cd /from
  find . -name . -o "$@" -prune -exec sh -c 'for name; do ln -s ".volfix-gate/$name" "/to/$name"; done' sh {} +
  find . -name . -o "$@" -prune -exec sh -c 'cp -a "$@" "$0"' "$copy" {} + ||
    { clear; fail "$source cannot be copied to $volume. Mend what is said above, then deploy again"; }
  cd /mark
  sums /from "$@" >from
  sums "$copy" >copied
  stats /from '%f %u %g %Y %n' "$@" ! -name . ! -type l >kept
  stats "$copy" '%f %u %g %Y %n' ! -name . ! -type l >keeps
  dates "$@" >after
  changed=$(more now after && more after now)
  [ -z "$changed" ] || { clear; fail "$source was written while it was copied. Stop what writes there, then deploy again"; }
  changed=$(more from copied && more copied from && more kept keeps && more keeps kept)
  [ -z "$changed" ] || { clear; fail "the copy of $source in $volume differs. Deploy again"; }
  sync
  cp now dates
  mv from moved
fi
if [ -d "$copy" ]; then # and it is whole
  cd "$copy"
  find . -name . -o -type d -prune -exec sh -c 'for name; do rm -f "/to/$name"; mv "$name" /to/; done' sh {} +
  [ -L "$gate" ] || { rm -f "$gate-"; ln -s .volfix-copy "$gate-"; mv -f "$gate-" "$gate"; }
  find . -name . -o -prune -exec sh -c 'for name; do [ ! -L "/to/$name" ] || mv -f "$name" /to/; done' sh {} +
  cd /mark
  chown "$(stat -c %u:%g /from)" /to
  chmod "$(stat -c %a /from)" /to
  rm -f "$gate"
  rmdir "$copy" || fail "$volume was written before all of $source was there. $choose"
  touch -r /from /to
fi
held=$(held)
if [ -z "$held" ]; then
  held=$(more moved own)
  [ -z "$held" ] || fail "$volume is empty, and $source was moved into it before. To move it again: volfix carry --write"
fi
: >>dates
written=$(more now dates)
if [ -n "$written" ]; then
  sums /from "$@" >from
  written=$(more from moved)
  [ -z "$written" ] || fail "$source was written again after it was moved into $volume. $choose"
  mv now dates
fi
