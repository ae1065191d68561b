# Moves $1, mounted at /from, into the volume $2, at /to, once, and changes nothing in $1. /mark says what was moved.
# $3 is where the image has files of its own for the volume; what follows are names in $1 that stay there.
set -eu
export LC_ALL=C
source=$1 volume=$2 image=$3 copy=/to/.volfix-copy gate=/to/.volfix-gate
shift 3
for name; do shift; set -- "$@" -path "./$name" -prune -o; done
carry="volfix carry --write --map $source=$volume"
choose="To keep $volume, move $source away. To have $source instead: $carry --replace"
fail() { echo "volfix: $*" >&2; exit 1; }
unread() { fail "$source cannot be read by root. Allow that, then deploy again"; }
undone() { clear; fail "$*. Then deploy again"; }
clear() { find "$copy" -mindepth 1 -maxdepth 1 -exec rm -rf {} +; }
any() (cd "$1" && shift && find . "$@" ! -type d -print -quit)
stats() (cd "$1" && format=$2 && shift 2 && find . "$@" -exec stat -c "$format" {} +)
sums() (cd "$1" && shift && find . "$@" -type f -exec sha256sum {} + && stats . '%F %N' "$@" ! -type f ! -type d ! -type s)
begun() { [ -f "$gate" ] || [ -d "$copy" ]; }
more() { sort -u "$1" >one && sort one "$2" "$2" >two && uniq -u two; } # the lines of $1 that $2 has not
others() { # what /to holds, but for what the image or an unfinished copy put there
  set --
  ! begun || set -- -path './.volfix-*' -prune -o -type l -o
  : >own
  others=$(any /to "$@")
  [ -n "$others" ] && [ -d "$image" ] && [ -n "$(any "$image")" ] || return 0
  stats /to '%s %N' "$@" ! -type d >there
  stats "$image" '%s %N' ! -type d >own
  others=$(more there own)
  [ -z "$others" ] || return 0
  sums /to "$@" >there
  sums "$image" >own
  others=$(more there own)
}

cd /mark
if [ ! -s moved ]; then
  some=$(any /from "$@") || unread
  if [ -z "$some" ]; then
    ! begun || fail "$source is empty, and half moved into $volume. Put its files back, then deploy again"
    exit 0
  fi
  others
  [ -z "$others" ] || fail "$volume holds other data than $source. $choose"

  # Each name in /to leads through a closed gate, so that no server starts on half a copy. It opens for all at once.
  # What an earlier run has closed stays so, for a server may be started at any time.
  [ -f "$gate" ] || find /to -mindepth 1 -maxdepth 1 -type l -exec rm -f {} +
  find /to -mindepth 1 -maxdepth 1 ! -type l ! -path "$copy" ! -path "$gate" -exec rm -rf {} +
  cd /from
  find . -name . -o "$@" -prune -exec sh -c 'echo closed >"$0"
    for name; do shift; [ -L "/to/$name" ] || set -- "$@" ".volfix-gate/$name"; done
    [ $# = 0 ] || ln -s "$@" /to/' "$gate" {} + || fail "$volume is written just now: stop what uses it, deploy again"
  cd /to
  find . -name . -o -type l -prune -exec sh -c '
    for name; do [ -e "/from/$name" ] || [ -L "/from/$name" ] || rm -f "$name"; done' sh {} +
  mkdir -p "$copy"
  clear
  cd /from
  stats . '%s %y %z %N' "$@" ! -type d >/mark/dates || unread
  cp --version >/dev/null 2>&1 ||
    echo "volfix: the tools of this image do not keep extended attributes, ACLs and holes of files in $source" >&2
  find . -name . -o "$@" -prune -exec sh -c 'cp -a "$@" "$0"' "$copy" {} + ||
    undone "$source cannot be copied into $volume: mend what is said above, or a full disk"

  cd /mark
  sums /from "$@" >moving || unread
  sums "$copy" >copied
  stats /from '%f %u %g %Y %n' "$@" ! -name . ! -type l >kept
  stats "$copy" '%f %u %g %Y %n' ! -name . ! -type l >keeps
  stats /from '%s %y %z %N' "$@" ! -type d >now
  differ=$(more dates now && more now dates)
  [ -z "$differ" ] || undone "$source was written while it was copied: stop what writes there"
  differ=$(more moving copied && more copied moving && more kept keeps && more keeps kept)
  [ -z "$differ" ] || undone "the copy of $source in $volume differs: look at the disk"
  sync
  mv moving moved
fi

if [ -d "$copy" ]; then # it is whole
  cd "$copy"
  find . -name . -o -type d -prune -exec sh -c '
    for name; do rm -f "/to/$name"; mv "$name" /to/ || exit; done' sh {} + ||
    fail "$volume was written while it was filled. To have all of $source: $carry --replace"
  [ -L "$gate" ] || { rm -f "$gate-"; ln -s .volfix-copy "$gate-"; mv -f "$gate-" "$gate"; }
  find . -name . -o -prune -exec sh -c 'for name; do [ ! -L "/to/$name" ] || mv -f "$name" /to/; done' sh {} +
  cd /mark
  chown "$(stat -c %u:%g /from)" /to
  chmod "$(stat -c %a /from)" /to
  rm -f "$gate"
  if ! rmdir "$copy" 2>/dev/null; then
    [ -z "$(any /from "$@")" ] || fail "$volume was written before all of $source was there. $choose"
    rm -rf "$copy"
  fi
  touch -r /from /to
fi

others
lost=
[ -n "$others" ] || lost=$(more moved own)
[ -z "$lost" ] || fail "$volume is empty, and $source was moved into it before. To move it again: $carry"
stats /from '%s %y %z %N' "$@" ! -type d >now || unread
: >>dates
later=$(more now dates)
[ -n "$later" ] || exit 0
sums /from "$@" >moving || unread
later=$(more moving moved)
[ -z "$later" ] || fail "$source was written again after it was moved into $volume. $choose"
mv now dates
